package action_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
)

// sharedName is a repository in which a join and a staging query have one name. A GroupBy reads the staging query, a join reads that, and another staging
// query reads the table of the join.
func sharedName() dagspec.Definitions {
	task := func(id, conf, file string, waits ...dagspec.Wait) dagspec.Task {
		return dagspec.Task{ID: id, Conf: conf, ConfFile: file, Mode: dagspec.ModeBackfill, Waits: waits}
	}
	reads := func(dag, conf string) dagspec.Wait { return dagspec.Wait{ProducedBy: dag, Producer: conf} }
	return dagspec.Definitions{DAGs: []dagspec.DAG{
		{ID: "staging", Kind: dagspec.KindStagingQuery, Tasks: []dagspec.Task{
			task("s1", "core.orders.v1", "staging_queries/core/orders.v1"),
			task("s2", "core.report.v1", "staging_queries/core/report.v1", reads("join_orders", "core.orders.v1")),
		}},
		{ID: "batch", Kind: dagspec.KindBatch, Tasks: []dagspec.Task{task("g", "core.spend.v1", "group_bys/core/spend.v1", reads("staging", "core.orders.v1"))}},
		{ID: "join_orders", Kind: dagspec.KindJoin, Tasks: []dagspec.Task{task("j1", "core.orders.v1", "joins/core/orders.v1")}},
		{ID: "join_spend", Kind: dagspec.KindJoin, Tasks: []dagspec.Task{task("j2", "core.checkout.v1", "joins/core/checkout.v1", reads("batch", "core.spend.v1"))}},
	}}
}

func TestWhatReadsAConfGoesByItsKind(t *testing.T) {
	t.Parallel()
	l := action.NewLineage(sharedName(), nil)
	for name, tc := range map[string]struct {
		of   action.ConfName
		want action.Downstream
	}{
		"the staging query": {action.ConfName{Name: "core.orders.v1", Kind: action.StagingQuery},
			action.Downstream{Known: true, Confs: []string{"core.checkout.v1", "core.spend.v1"}, DAGs: []string{"batch", "join_spend"}}},
		"the join": {action.ConfName{Name: "core.orders.v1", Kind: action.JoinConf},
			action.Downstream{Known: true, Confs: []string{"core.report.v1"}, DAGs: []string{"staging"}}},
		"whatever has the name": {action.ConfName{Name: "core.orders.v1"},
			action.Downstream{Known: true, Confs: []string{"core.checkout.v1", "core.report.v1", "core.spend.v1"}, DAGs: []string{"batch", "join_spend", "staging"}}},
		"a kind that has no such name": {action.ConfName{Name: "core.orders.v1", Kind: action.GroupByConf}, action.Downstream{}},
		"what nobody reads": {action.ConfName{Name: "core.checkout.v1", Kind: action.JoinConf},
			action.Downstream{Known: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, l.Behind(tc.of)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
