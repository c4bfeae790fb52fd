package airflowclient

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// body is the body of an answer while it is read. It counts bytes, ends when nothing comes for as long as one attempt may take, and
// gives the request's place among those in flight back when it is closed.
type body struct {
	conn   *conn
	call   *call
	from   io.ReadCloser // nil: there was no answer
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  *time.Timer
	once   sync.Once
}

// Read reads from the network. The time limit is on silence, not on the whole of a long answer.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.conn.meter.received(b.call, n)
	if n > 0 && b.call.stream {
		b.limit.Reset(b.conn.timeout)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = slowness(b.ctx, err)
	}
	return n, err
}

// Close ends the request, read to its end or not.
func (b *body) Close() error {
	b.once.Do(func() {
		b.limit.Stop()
		if b.from != nil {
			_ = b.from.Close()
		}
		b.cancel(nil)
		<-b.conn.slots
	})
	return nil
}
