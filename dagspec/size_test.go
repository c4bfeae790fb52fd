package dagspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// manyGroupBys is a team with n online GroupBys that have a front-fill.
func manyGroupBys(n int) map[string]object {
	confs := map[string]object{}
	for i := range n {
		confs[fmt.Sprintf("group_bys/pay/features_%03d.v1", i)] = groupBy(fmt.Sprintf("pay.features_%03d.v1", i),
			object{"online": 1, "dependencies": []string{dep("raw.events/ds={{ ds }}", "2026-01-01", "")}}, object{"backfillStartDate": "2026-01-01"})
	}
	return confs
}

func TestATeamThatIsTooLargeIsToldHowToBeDivided(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		groupBys int
		want     string
	}{
		{50, ""},
		{200, "chronon_batch_dag_pay will be about 516 KB in Airflow's database: MySQL's default sort buffer is smaller"},
		{600, "chronon_batch_dag_pay will be about 1545 KB in Airflow's database: more than 1 MB, which has stopped DAG processors"},
	} {
		defs := build(t, testRepo(t, manyGroupBys(c.groupBys)), testSettings())
		got, hint := "", ""
		for _, d := range defs.Diagnostics {
			if d.Code == codeLarge {
				got, hint = d.Message, d.Hint
			}
		}
		if got != c.want {
			t.Errorf("%d GroupBys: got %q, want %q", c.groupBys, got, c.want)
		}
		if c.groupBys == 600 && !strings.Contains(hint, "dags: {parts: {pay: 3}}") {
			t.Errorf("hint %q", hint)
		}
	}
}

func TestPartsOfATeamThatThereIsNotAreReported(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.DAGs.Parts = map[string]int{"Pay": 2}
	defs := build(t, testRepo(t, manyGroupBys(1)), s)
	if len(defs.Diagnostics) != 1 || defs.Diagnostics[0].Message != `names "Pay", which is no team of teams.json, which has "pay"` {
		t.Errorf("got %v", defs.Diagnostics)
	}
}

func TestATeamIsDividedIntoParts(t *testing.T) {
	t.Parallel()
	confs := manyGroupBys(60)
	parts := func(n int) map[string][]string {
		s := testSettings()
		s.DAGs.Parts = map[string]int{"pay": n}
		byDAG := map[string][]string{}
		for _, dag := range build(t, testRepo(t, confs), s).DAGs {
			for _, task := range dag.Tasks {
				byDAG[dag.ID] = append(byDAG[dag.ID], task.Conf)
			}
			byDAG[dag.ID] = slices.Compact(slices.Sorted(slices.Values(byDAG[dag.ID])))
		}
		return byDAG
	}
	one, two, three := parts(1), parts(2), parts(3)
	if got := slices.Sorted(maps.Keys(one)); !slices.Equal(got, []string{"chronon_batch_dag_pay"}) {
		t.Errorf("undivided: %v", got)
	}
	ids := []string{"chronon_batch_dag_pay", "chronon_batch_dag_pay__part2", "chronon_batch_dag_pay__part3"}
	if got := slices.Sorted(maps.Keys(three)); !slices.Equal(got, ids) {
		t.Errorf("in three: %v", got)
	}
	total := 0
	for _, id := range ids {
		total += len(three[id])
		if n := len(three[id]); n < 10 || n > 30 {
			t.Errorf("%s has %d of 60 GroupBys", id, n)
		}
		for _, conf := range three[id] {
			if id != ids[2] && !slices.Contains(two[id], conf) {
				t.Errorf("%s moved to %s, which is not the part that came with a third", conf, id)
			}
		}
	}
	if total != len(confs) {
		t.Errorf("%d of %d GroupBys are somewhere", total, len(confs))
	}
}
