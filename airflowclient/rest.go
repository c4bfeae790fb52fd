package airflowclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// rest sends requests of our own making to one of the two APIs. Both dialects are built on it.
type rest struct {
	conn    *conn
	base    string // "/api/v1" or "/api/v2"
	version string // as the server says it
	can     Capabilities
}

func (d rest) prefix() string { return d.base }

// get reads what lies at the path below the API's prefix.
func (d rest) get(ctx context.Context, op, path string, query url.Values) (reply, error) {
	return d.conn.do(ctx, &call{op: op, read: true, conn: d.conn}, http.MethodGet, d.base+path, query, nil)
}

// find reads something whose question is too long for an address, or a dry run: a POST that changes nothing.
func (d rest) find(ctx context.Context, op, path string, body any) (reply, error) {
	return d.conn.do(ctx, &call{op: op, read: true, conn: d.conn}, http.MethodPost, d.base+path, nil, body)
}

// change sends a request that is never repeated.
func (d rest) change(ctx context.Context, op, method, path string, query url.Values, body any) (reply, error) {
	return d.conn.do(ctx, &call{op: op, conn: d.conn}, method, d.base+path, query, body)
}

// list reads all pages of a GET list, or its first limit rows (0: all).
func (d rest) list(ctx context.Context, op, path, member string, query url.Values, limit int) ([]json.RawMessage, error) {
	return allPages(ctx, pageGET, limit, func(ctx context.Context, offset, size int) (page, error) {
		return d.page(ctx, op, path, member, query, offset, size)
	})
}

// page reads one page of a GET list.
func (d rest) page(ctx context.Context, op, path, member string, query url.Values, offset, size int) (page, error) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", strconv.Itoa(size))
	query.Set("offset", strconv.Itoa(offset))
	got, err := d.get(ctx, op, path, query)
	if err != nil {
		return page{}, err
	}
	return readPage(op, got, member)
}

// lacks is the error of an operation that this Airflow does not have. what continues "has no"; since is where it begins, "Airflow
// 2.10"; hint is what to do instead.
func (d rest) lacks(op, what, since, hint string) error {
	return &Error{Op: op, Kind: KindTooOld, Detail: "Airflow " + d.version + " has no " + what + ", which came with " + since, hint: hint}
}
