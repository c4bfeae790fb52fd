package airflowclient

import (
	"context"
	"net/http"
	"net/url"
)

func (d *v2) pools(ctx context.Context) ([]Pool, error) {
	rows, err := d.list(ctx, opPools, "/pools", "pools", url.Values{"order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wirePool](d.conn, "pool", rows, poolKey), nil
}

func (d *v2) pool(ctx context.Context, name string) (Pool, error) {
	got, err := d.get(ctx, opPool, escaped("pools", name), nil)
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opPool, "pool", got)
}

func (d *v2) makePool(ctx context.Context, s PoolSettings) (Pool, error) {
	got, err := d.change(ctx, opSetPool, http.MethodPost, "/pools", nil, map[string]any{
		"name": s.Name, "slots": s.Slots, "description": s.Description, "include_deferred": s.IncludeDeferred,
	})
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opSetPool, "pool", got)
}

// changePool sends all members, which the server wants whatever the mask says, and has only those of the mask changed.
func (d *v2) changePool(ctx context.Context, s PoolSettings, members []string) (Pool, error) {
	got, err := d.change(ctx, opSetPool, http.MethodPatch, escaped("pools", s.Name), url.Values{"update_mask": members}, map[string]any{
		"pool": s.Name, "slots": s.Slots, "description": s.Description, "include_deferred": s.IncludeDeferred,
	})
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opSetPool, "pool", got)
}

func (d *v2) deletePool(ctx context.Context, name string) error {
	_, err := d.change(ctx, opDeletePool, http.MethodDelete, escaped("pools", name), nil, nil)
	return err
}

func (d *v2) variables(ctx context.Context) ([]Variable, error) {
	rows, err := d.list(ctx, opVariables, "/variables", "variables", url.Values{"order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireVariable](d.conn, "variable", rows, variableKey), nil
}

func (d *v2) variable(ctx context.Context, key string) (Variable, error) {
	got, err := d.get(ctx, opVariable, escaped("variables", key), nil)
	if err != nil {
		return Variable{}, err
	}
	return decodeOne[wireVariable](d.conn, opVariable, "variable", got)
}

func (d *v2) makeVariable(ctx context.Context, v Variable) error {
	_, err := d.change(ctx, opSetVariable, http.MethodPost, "/variables", nil, bodyOf(v))
	return err
}

func (d *v2) changeVariable(ctx context.Context, v Variable) error {
	_, err := d.change(ctx, opSetVariable, http.MethodPatch, escaped("variables", v.Key), nil, bodyOf(v))
	return err
}

func (d *v2) deleteVariable(ctx context.Context, key string) error {
	_, err := d.change(ctx, opDeleteVariable, http.MethodDelete, escaped("variables", key), nil, nil)
	return err
}
