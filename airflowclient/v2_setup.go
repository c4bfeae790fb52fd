package airflowclient

import (
	"context"
	"net/url"
)

func (d *v2) plugins(ctx context.Context) ([]Plugin, error) {
	rows, err := d.list(ctx, opPlugins, "/plugins", "plugins", nil, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wirePlugin](d.conn, "plugin", rows, pluginKey), nil
}

func (d *v2) providers(ctx context.Context) ([]Provider, error) {
	rows, err := d.list(ctx, opProviders, "/providers", "providers", nil, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireProvider](d.conn, "provider", rows, providerKey), nil
}

func (d *v2) jobs(ctx context.Context) ([]Job, error) {
	rows, err := d.list(ctx, opJobs, "/jobs", "jobs", url.Values{"order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireJob](d.conn, "job", rows, func(j Job) int64 { return j.ID }), nil
}
