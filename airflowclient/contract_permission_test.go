package airflowclient_test

import (
	"context"
	"slices"
	"testing"

	"chrononctl/airflowclient"
)

// checkPermissions is what a user sees who may read contract_ok and no other DAG: the others leave all lists, and asking for one by its name is refused, as it is
// for a name that no DAG has. So a refusal says nothing about what there is.
func checkPermissions(ctx context.Context, t *testing.T, c *airflowclient.Client) {
	t.Helper()
	dags, err := c.DAGs(ctx, airflowclient.DAGQuery{})
	if ids := mapped(dags, func(d airflowclient.DAG) string { return d.ID }); err != nil || !slices.Equal(ids, []string{"contract_ok"}) {
		t.Errorf("DAGs: %q, %v", ids, err)
	}
	if _, err := c.Details(ctx, "contract_ok"); err != nil {
		t.Errorf("the DAG that may be read: %v", err)
	}
	for _, id := range []string{"contract_idle", "nobodys_dag"} {
		if _, err := c.Details(ctx, id); !airflowclient.IsPermission(err) {
			t.Errorf("%s: %v, which is no refusal", id, err)
		}
		if _, err := c.Trigger(ctx, airflowclient.TriggerRequest{DAGID: id}); !airflowclient.IsPermission(err) {
			t.Errorf("a run of %s: %v, which is no refusal", id, err)
		}
	}
	runs, err := c.Runs(ctx, airflowclient.RunQuery{})
	isOther := func(r airflowclient.Run) bool { return r.DAGID != "contract_ok" }
	if err != nil || slices.ContainsFunc(runs, isOther) {
		t.Errorf("runs of others are listed: %d runs, %v", len(runs), err)
	}
	if broken, err := c.ImportErrors(ctx); err != nil || len(broken) > 0 { // broken.py never had a DAG that may be read
		t.Errorf("import errors: %+v, %v", broken, err)
	}
	if _, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: "contract_idle", RunID: "r"}}}); err != nil && !airflowclient.IsPermission(err) {
		t.Errorf("tasks of others: %v", err)
	}
}
