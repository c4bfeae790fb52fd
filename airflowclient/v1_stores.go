package airflowclient

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/apache/airflow-client-go/airflow"
)

func (d *v1) pools(ctx context.Context) ([]Pool, error) {
	rows, err := d.pages(ctx, opPools, "pools", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.PoolApi.GetPools(ctx).Limit(size).Offset(offset).OrderBy("name").Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wirePool](d.conn, "pool", rows, poolKey), nil
}

func (d *v1) pool(ctx context.Context, name string) (Pool, error) {
	got, err := d.send(ctx, &call{op: opPool, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.PoolApi.GetPool(ctx, name).Execute()
		return resp, err
	})
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opPool, "pool", got)
}

// poolV1 is a pool as Airflow 2 takes it. The library's model does not know include_deferred.
type poolV1 struct {
	Name            string `json:"name"`
	Slots           int    `json:"slots"`
	Description     string `json:"description"`
	IncludeDeferred *bool  `json:"include_deferred,omitempty"` // 2.7 and later
}

func (d *v1) poolBody(s PoolSettings) (poolV1, error) {
	body := poolV1{Name: s.Name, Slots: s.Slots, Description: s.Description}
	switch {
	case d.can.PoolDeferred:
		body.IncludeDeferred = &s.IncludeDeferred
	case s.IncludeDeferred:
		return body, d.lacks(opSetPool, "pools that count deferred tasks", "Airflow 2.7", "give the pool fewer slots")
	}
	return body, nil
}

func (d *v1) makePool(ctx context.Context, s PoolSettings) (Pool, error) {
	body, err := d.poolBody(s)
	if err != nil {
		return Pool{}, err
	}
	got, err := d.change(ctx, opSetPool, http.MethodPost, "/pools", nil, body)
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opSetPool, "pool", got)
}

// changePool names the members in one parameter, joined by commas.
func (d *v1) changePool(ctx context.Context, s PoolSettings, members []string) (Pool, error) {
	body, err := d.poolBody(s)
	if err != nil {
		return Pool{}, err
	}
	mask := url.Values{"update_mask": {strings.Join(members, ",")}}
	got, err := d.change(ctx, opSetPool, http.MethodPatch, escaped("pools", s.Name), mask, body)
	if err != nil {
		return Pool{}, err
	}
	return decodeOne[wirePool](d.conn, opSetPool, "pool", got)
}

func (d *v1) deletePool(ctx context.Context, name string) error {
	_, err := d.send(ctx, &call{op: opDeletePool}, func(ctx context.Context) (*http.Response, error) {
		return d.lib.PoolApi.DeletePool(ctx, name).Execute()
	})
	return err
}

func (d *v1) variables(ctx context.Context) ([]Variable, error) {
	rows, err := d.pages(ctx, opVariables, "variables", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.VariableApi.GetVariables(ctx).Limit(size).Offset(offset).OrderBy("id").Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireVariable](d.conn, "variable", rows, variableKey), nil
}

func (d *v1) variable(ctx context.Context, key string) (Variable, error) {
	got, err := d.send(ctx, &call{op: opVariable, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.VariableApi.GetVariable(ctx, key).Execute()
		return resp, err
	})
	if err != nil {
		return Variable{}, err
	}
	return decodeOne[wireVariable](d.conn, opVariable, "variable", got)
}

// libVariable is a variable in the library's model.
func libVariable(v Variable) airflow.Variable {
	body := airflow.NewVariable()
	body.SetKey(v.Key)
	body.SetValue(v.Value.Reveal())
	if v.Description != "" {
		body.SetDescription(v.Description)
	}
	return *body
}

func (d *v1) makeVariable(ctx context.Context, v Variable) error {
	_, err := d.send(ctx, &call{op: opSetVariable}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.VariableApi.PostVariables(ctx).Variable(libVariable(v)).Execute()
		return resp, err
	})
	return err
}

// changeVariable sends no mask: Airflow 2.11 refuses one that names the value.
func (d *v1) changeVariable(ctx context.Context, v Variable) error {
	_, err := d.send(ctx, &call{op: opSetVariable}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.VariableApi.PatchVariable(ctx, v.Key).Variable(libVariable(v)).Execute()
		return resp, err
	})
	return err
}

func (d *v1) deleteVariable(ctx context.Context, key string) error {
	_, err := d.send(ctx, &call{op: opDeleteVariable}, func(ctx context.Context) (*http.Response, error) {
		return d.lib.VariableApi.DeleteVariable(ctx, key).Execute()
	})
	return err
}
