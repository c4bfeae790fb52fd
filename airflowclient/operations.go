package airflowclient

import "context"

// operations is the part of a dialect that looks deeper than the picture of a fleet, and that changes things. See dialect.
type operations interface {
	runOperations
	instanceOperations
	xcomOperations
	backfillOperations
	dagOperations
	storeOperations
	recordOperations
	setupOperations
}

// with runs a call in the dialect of the server.
func with[T any](ctx context.Context, c *Client, call func(dialect) (T, error)) (T, error) {
	d, err := c.connect(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return call(d)
}

// do is with for calls that answer nothing.
func do(ctx context.Context, c *Client, call func(dialect) error) error {
	d, err := c.connect(ctx)
	if err != nil {
		return err
	}
	return call(d)
}
