package airflowclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Page sizes. GET lists are cut to 100 rows by Airflow 2 and by Airflow 3.2 and later, silently; the POST lists are not (as of
// 3.3.2), and a longer page there costs little more than a short one.
const (
	pageGET  = 100
	pagePOST = 1000
)

// page is a part of a list as it came. Rows are still JSON, so that a bad one does not take the others with it.
type page struct {
	rows  []json.RawMessage
	total int // -1: the server does not say
}

// readPage takes the rows out of the member of that name. It goes through the answer once, which may have a megabyte and come every few seconds.
func readPage(op string, got reply, member string) (page, error) {
	p, found := page{total: -1}, false
	body := json.NewDecoder(bytes.NewReader(got.body))
	open, err := body.Token()
	if err == nil && open != json.Delim('{') {
		err = errors.New("no JSON object")
	}
	for err == nil && body.More() {
		var name json.Token
		if name, err = body.Token(); err != nil {
			break
		}
		var value json.RawMessage
		switch name {
		case member:
			if err, found = body.Decode(&p.rows), true; err != nil {
				err = fmt.Errorf("member %q: %w", member, err)
			}
		default:
			err = body.Decode(&value)
		}
		if name == "total_entries" && json.Unmarshal(value, &p.total) != nil {
			p.total = -1
		}
	}
	switch {
	case err != nil:
	case !found:
		err = fmt.Errorf("no member %q", member)
	default:
		err = ended(body)
	}
	if err != nil {
		return page{}, unreadable(op, got, err)
	}
	return p, nil
}

// ended reads the end of an object, after which there must be nothing.
func ended(body *json.Decoder) error {
	if _, err := body.Token(); err != nil {
		return err
	}
	if _, err := body.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

// allPages reads a list to its end, or until limit rows are there (0: no limit). It advances by the rows that came, because
// servers cut pages silently. When the list has become shorter since the page before, rows that were not read yet may have moved
// to the front, so it reads again from that many rows further back. Rows seen twice are the caller's to drop.
func allPages(ctx context.Context, size, limit int, fetch func(ctx context.Context, offset, size int) (page, error)) ([]json.RawMessage, error) {
	var rows []json.RawMessage
	offset, total := 0, -1
	for {
		if limit > 0 {
			size = min(size, limit-len(rows))
		}
		p, err := fetch(ctx, offset, size)
		if err != nil {
			return nil, err
		}
		if p.total > 0 && p.total < total {
			offset, total = max(offset-(total-p.total), 0), p.total
			continue
		}
		rows = append(rows, p.rows...)
		offset += len(p.rows)
		total = p.total
		switch {
		case len(p.rows) == 0, limit > 0 && len(rows) >= limit, total >= 0 && offset >= total:
			return rows, nil
		}
	}
}

// wire is the shape of a row on the wire. model gives the neutral value and reports false when the row does not say what it is.
type wire[M any] interface{ model() (M, bool) }

// decodeRow reads one row as far as it can be read. A member of an unexpected type is left out and noted, and the rest of the row stands.
func decodeRow[W wire[M], M any](c *conn, what string, raw json.RawMessage) (M, bool) {
	var row W
	err := json.Unmarshal(raw, &row)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		c.notes.add(strings.TrimSpace(fmt.Sprintf("%s: unexpected %s %s", what, wrongType.Value, wrongType.Field)))
	case err != nil:
		c.notes.add(fmt.Sprintf("%s: %s", what, oneLine(err.Error())))
	}
	value, ok := row.model()
	if !ok {
		c.notes.add(what + ": a row without an id was left out")
	}
	return value, ok
}

// decodeRows reads all rows and drops those that are there twice.
func decodeRows[W wire[M], M any, K comparable](c *conn, what string, raws []json.RawMessage, key func(M) K) []M {
	values := make([]M, 0, len(raws))
	seen := make(map[K]bool, len(raws))
	for _, raw := range raws {
		value, ok := decodeRow[W, M](c, what, raw)
		if !ok || seen[key(value)] {
			continue
		}
		seen[key(value)] = true
		values = append(values, value)
	}
	return values
}

// decodeOne reads an answer that is one row.
func decodeOne[W wire[M], M any](c *conn, op, what string, got reply) (M, error) {
	if !json.Valid(got.body) {
		var none M
		return none, unreadable(op, got, errors.New("no JSON"))
	}
	value, ok := decodeRow[W, M](c, what, got.body)
	if !ok {
		return value, unreadable(op, got, errors.New("it does not say which "+what+" it is"))
	}
	return value, nil
}
