package airflowclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Server says which Airflow answers. The first call asks the server; later ones answer from memory.
func (c *Client) Server(ctx context.Context) (Server, error) {
	if _, err := c.connect(ctx); err != nil {
		return Server{}, err
	}
	return c.server, nil
}

func (c *Client) api(ctx context.Context) (int, error) {
	server, err := c.Server(ctx)
	return server.API, err
}

// connect finds out what the server speaks, once. A failure is not kept: the next call asks again.
func (c *Client) connect(ctx context.Context) (dialect, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, c.conn.networkError(ctx, &call{op: opVersion}, ctx.Err())
	}
	if c.dialect != nil {
		return c.dialect, nil
	}
	version, number, err := c.probe(ctx)
	if err != nil {
		return nil, err
	}
	if !number.since(release{2, 6, 0}) {
		return nil, &Error{
			Op: opVersion, Kind: KindTooOld, URL: bare(c.conn.base), Detail: "Airflow " + version + " answers",
			hint: "Airflow 2.6 and later are supported",
		}
	}
	can := capabilities(number)
	c.server = Server{Version: version, API: 1, Capabilities: can}
	api := rest{conn: c.conn, base: "/api/v1", version: version, can: can}
	if number.major >= 3 {
		c.server.API, api.base = 2, "/api/v2"
		c.dialect = &v2{rest: api}
	} else {
		c.dialect = newV1(api)
	}
	return c.dialect, nil
}

// probe asks both APIs for their version, the newer one first. Only the number in the answer decides: some builds of Airflow 2
// serve paths below /api/v2 as well.
func (c *Client) probe(ctx context.Context) (string, release, error) {
	version, number, err := c.version(ctx, "/api/v2/version")
	if err == nil && number.major >= 3 {
		return version, number, nil
	}
	if err != nil && !isKind(err, KindNotFound) && !isKind(err, KindNotAirflow) && !isKind(err, KindInvalid) &&
		!IsAuth(err) && !IsPermission(err) {
		return "", release{}, err
	}
	oldVersion, oldNumber, oldErr := c.version(ctx, "/api/v1/version")
	switch {
	case oldErr == nil:
		return oldVersion, oldNumber, nil
	case err == nil:
		return version, number, nil
	case IsNotFound(err) && !IsNotFound(oldErr):
		err = oldErr
	}
	var e *Error
	if errors.As(err, &e) && (e.Kind == KindNotFound || e.Kind == KindInvalid) {
		return "", release{}, &Error{
			Op: opVersion, Kind: KindNotAirflow, Status: e.Status, URL: bare(c.conn.base),
			Detail: oneLine("there is no Airflow API below " + bare(c.conn.base) + "; the answer is " + e.Detail),
			hint:   "check the address, with its path prefix if it has one",
		}
	}
	return "", release{}, err
}

// version reads one of the two version endpoints, which need no credentials in Airflow, but may behind a gateway.
func (c *Client) version(ctx context.Context, path string) (string, release, error) {
	call := &call{op: opVersion, read: true, probe: true, open: true, conn: c.conn}
	got, err := c.conn.do(ctx, call, http.MethodGet, path, nil, nil)
	if err != nil {
		return "", release{}, err
	}
	var answer struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(got.body, &answer); err == nil {
		if number, ok := parseRelease(answer.Version); ok {
			return answer.Version, number, nil
		}
	}
	return "", release{}, &Error{
		Op: opVersion, Kind: KindNotAirflow, URL: got.url, Detail: "the answer names no version: " + oneLine(string(c.conn.scrubBody(got.body))),
		hint: "check the address, with its path prefix if it has one",
	}
}
