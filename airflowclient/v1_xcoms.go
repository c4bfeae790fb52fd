package airflowclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// pages reads all pages of a GET list of the library, or its first limit rows (0: all). extra are parameters that the library does not
// know; they must not change.
func (d *v1) pages(
	ctx context.Context, op, member string, limit int, extra url.Values, send func(ctx context.Context, offset, size int32) (*http.Response, error),
) ([]json.RawMessage, error) {
	return allPages(ctx, pageGET, limit, func(ctx context.Context, offset, size int) (page, error) {
		got, err := d.send(ctx, &call{op: op, read: true, query: extra}, func(ctx context.Context) (*http.Response, error) {
			return send(ctx, int32(offset), int32(size))
		})
		if err != nil {
			return page{}, err
		}
		return readPage(op, got, member)
	})
}

func (d *v1) xcoms(ctx context.Context, q XComQuery) ([]XCom, error) {
	send := func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.XComApi.GetXcomEntries(ctx, orAll(q.DAGID), orAll(q.RunID), orAll(q.TaskID)).Limit(size).Offset(offset).Execute()
		return resp, err
	}
	rows, err := d.pages(ctx, opXComs, "xcom_entries", 0, d.xcomFilters(q), send)
	if err != nil {
		return nil, err
	}
	return d.readXComs(rows, q), nil
}

func (d *v1) xcomOf(ctx context.Context, ref InstanceRef, key string) (json.RawMessage, error) {
	call := &call{op: opXCom, read: true, query: url.Values{}}
	if d.can.NativeXCom {
		call.query.Set("stringify", "false")
	}
	switch {
	case ref.MapIndex < 0:
	case d.can.MappedXCom:
		call.query.Set("map_index", strconv.Itoa(ref.MapIndex))
	default:
		return nil, d.lacks(opXCom, "way to the XComs of mapped tasks", "Airflow 2.7", "let a task behind the mapped one collect them")
	}
	got, err := d.send(ctx, call, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.XComApi.GetXcomEntry(ctx, ref.DAGID, ref.RunID, ref.TaskID, key).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return readXCom(opXCom, got)
}
