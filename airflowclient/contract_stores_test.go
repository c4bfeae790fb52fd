package airflowclient_test

import (
	"context"
	"slices"

	"chrononctl/airflowclient"
)

// contractStores is about pools and variables.
var contractStores = []step{
	{name: "the pool that is always there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Pools(ctx)
		return mapped(list, func(p airflowclient.Pool) []any { return []any{p.Name, p.Slots, p.Description} }), err
	}, want: [][]any{{"default_pool", 128, "Default pool"}}},
	{name: "make a pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return c.SetPool(ctx, airflowclient.PoolSettings{Name: "contract", Slots: 3, Description: "for the contract"})
	}, want: airflowclient.Pool{Name: "contract", Slots: 3, Description: "for the contract", Open: 3}},
	{name: "change the slots of a pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return c.SetPool(ctx, airflowclient.PoolSettings{Name: "contract", Slots: 5, Description: "for the contract"})
	}, want: airflowclient.Pool{Name: "contract", Slots: 5, Description: "for the contract", Open: 5}},
	{name: "change slots and description of a pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if _, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "contract", Slots: 4, Description: "changed"}); err != nil {
			return nil, err
		}
		return c.Pool(ctx, "contract")
	}, want: airflowclient.Pool{Name: "contract", Slots: 4, Description: "changed", Open: 4}},
	{name: "count deferred tasks in a pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		p, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "contract", Slots: 4, Description: "changed", IncludeDeferred: true})
		return p.IncludeDeferred, err
	}, want: true, needs: func(can airflowclient.Capabilities) bool { return can.PoolDeferred }},
	{name: "change the default pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		p, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "default_pool", Slots: 127, Description: "Default pool"})
		if err != nil {
			return nil, err
		}
		back, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "default_pool", Slots: 128, Description: "Default pool"})
		return []int{p.Slots, back.Slots}, err
	}, want: []int{127, 128}},
	{name: "the default pool keeps its description", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		p, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "default_pool", Slots: 128, Description: "another"})
		if explained(airflowclient.KindInvalid)(err) {
			return "refused", nil
		}
		_, _ = c.SetPool(ctx, airflowclient.PoolSettings{Name: "default_pool", Slots: 128, Description: "Default pool"})
		return p.Description, err
	}, want: "refused", needs: func(can airflowclient.Capabilities) bool { return can.FixedDefaultPool }, other: "another"},
	{name: "delete a pool", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if err := c.DeletePool(ctx, "contract"); err != nil {
			return nil, err
		}
		_, err := c.Pool(ctx, "contract")
		return mapped([]error{err, c.DeletePool(ctx, "contract")}, airflowclient.IsNotFound), nil
	}, want: []bool{true, true}},
	{name: "a variable keeps its description", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		for _, set := range [][2]string{{"one", "what it is for"}, {"two", ""}} {
			if err := c.SetVariable(ctx, "contract", airflowclient.NewSecret(set[0]), set[1]); err != nil {
				return nil, err
			}
		}
		v, err := c.Variable(ctx, "contract")
		return []string{v.Key, v.Value.Reveal(), v.Description}, err
	}, want: []string{"contract", "two", "what it is for"}},
	{name: "a value whose name sounds secret", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if err := c.SetVariable(ctx, "contract_password", airflowclient.NewSecret("hush"), ""); err != nil {
			return nil, err
		}
		v, err := c.Variable(ctx, "contract_password")
		return v.Value.Reveal(), err
	}, want: "***", needs: func(can airflowclient.Capabilities) bool { return can.MaskedValues }, other: "hush"},
	{name: "variables by key", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Variables(ctx)
		return mapped(list, func(v airflowclient.Variable) string { return v.Key }), err
	}, want: []string{"contract", "contract_password"}},
	{name: "delete variables", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		for _, key := range []string{"contract", "contract_password"} {
			if err := c.DeleteVariable(ctx, key); err != nil {
				return nil, err
			}
		}
		_, err := c.Variable(ctx, "contract")
		return mapped([]error{err, c.DeleteVariable(ctx, "contract")}, airflowclient.IsNotFound), nil
	}, want: []bool{true, true}},
}

// contractRecords is what Airflow has noted of all that, and what it is made of.
var contractRecords = []step{
	{name: "events of a DAG, newest first", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Events(ctx, airflowclient.EventQuery{DAGID: "contract_days", Limit: 500})
		isThere := func(names ...string) bool {
			return slices.ContainsFunc(list, func(e airflowclient.Event) bool {
				return slices.Contains(names, e.Event) && e.DAGID == "contract_days" && e.Owner != ""
			})
		}
		sorted := slices.IsSortedFunc(list, func(a, b airflowclient.Event) int { return b.Time.Compare(a.Time) })
		return []bool{
			sorted, isThere("trigger_dag_run", "api.post_dag_run"), isThere("delete_dag_run", "api.delete_dag_run"),
			isThere("post_clear_task_instances", "api.post_clear_task_instances"),
		}, err
	}, want: []bool{true, true, true, true}, needs: func(can airflowclient.Capabilities) bool { return can.EventFilters }},
	{name: "the newest few events", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Events(ctx, airflowclient.EventQuery{Limit: 2})
		return len(list), err
	}, want: 2},
	{name: "no events after the end of time", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Events(ctx, airflowclient.EventQuery{After: day(20000)})
		return len(list), err
	}, want: 0, needs: func(can airflowclient.Capabilities) bool { return can.EventFilters }},
	{name: "assets and who writes them", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Assets(ctx)
		return mapped(list, func(a airflowclient.Asset) []any { return []any{thing(a.URI), a.Producers} }), err
	}, want: [][]any{{"contract://thing", []airflowclient.TaskRef{{DAGID: "contract_ok", TaskID: "report"}}}}},
	{name: "when an asset was written", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.AssetEvents(ctx, airflowclient.AssetEventQuery{DAGID: "contract_ok", RunID: contractRun, TaskID: "report"})
		return mapped(list, func(e airflowclient.AssetEvent) []any { return []any{thing(e.URI), e.Source, len(e.Runs)} }), err
	}, want: slices.Repeat([][]any{{"contract://thing", airflowclient.InstanceRef{DAGID: "contract_ok", RunID: contractRun, TaskID: "report", MapIndex: -1}, 0}}, 2)},
	{name: "no asset was written by another DAG", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.AssetEvents(ctx, airflowclient.AssetEventQuery{DAGID: "contract_idle"})
		return len(list), err
	}, want: 0},
	{name: "what Airflow is made of", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		plugins, err := c.Plugins(ctx)
		if err != nil {
			return nil, err
		}
		providers, err := c.Providers(ctx)
		isThere := slices.ContainsFunc(providers, func(p airflowclient.Provider) bool {
			return p.Package == "apache-airflow-providers-common-sql" && p.Version != ""
		})
		return []any{len(plugins), isThere}, err
	}, want: []any{0, true}},
	{name: "the configuration is nobody's business", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.Setting(ctx, "core", "parallelism")
		return explained(airflowclient.KindPermission)(err), tooOldOnly(err)
	}, want: true, needs: func(can airflowclient.Capabilities) bool { return can.Settings }},
	{name: "the processes of Airflow", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Jobs(ctx)
		kinds := mapped(list, func(j airflowclient.Job) string { return j.Type + " " + j.State })
		slices.Sort(kinds)
		return kinds, err
	}, want: []string{"DagProcessorJob running", "SchedulerJob running"}, needs: func(can airflowclient.Capabilities) bool { return can.Jobs }},
}

// thing is a URI without the slash that some versions put behind it.
func thing(uri string) string {
	if uri == "contract://thing/" {
		return "contract://thing"
	}
	return uri
}
