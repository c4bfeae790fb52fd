package airflowclient

import (
	"context"
	"net/http"
)

func (d *v1) plugins(ctx context.Context) ([]Plugin, error) {
	rows, err := d.pages(ctx, opPlugins, "plugins", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.PluginApi.GetPlugins(ctx).Limit(size).Offset(offset).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wirePlugin](d.conn, "plugin", rows, pluginKey), nil
}

// providers come in one page.
func (d *v1) providers(ctx context.Context) ([]Provider, error) {
	got, err := d.send(ctx, &call{op: opProviders, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.ProviderApi.GetProviders(ctx).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	p, err := readPage(opProviders, got, "providers")
	return decodeRows[wireProvider](d.conn, "provider", p.rows, providerKey), err
}

func (d *v1) jobs(context.Context) ([]Job, error) {
	return nil, d.lacks(opJobs, "list of jobs", "Airflow 3.0", "the health of its parts says the same in short")
}
