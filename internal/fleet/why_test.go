package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/dagspec"
)

// chain is a world of one chain: a table from outside, a staging query, a GroupBy's backfill and upload, and two joins.
func chain() *garden {
	g := newGarden(1, 0)
	slug := func(conf string) string { return strings.ReplaceAll(strings.SplitN(conf, ".", 2)[1], ".", "__") }
	job := func(kind dagspec.Kind, dag, mode, conf, table string, inputs ...plantedInput) *plantedJob {
		return g.add(kind, &plantedJob{dag: dag, id: mode + "__" + slug(conf), conf: conf, output: table, inputs: inputs})
	}
	raw := plantedInput{table: "data.raw"}
	orders := job(dagspec.KindStagingQuery, "chronon_staging_query_team01", "backfill", "team01.orders.v1", "db.orders", raw)
	fromOrders := plantedInput{table: "db.orders", by: orders}
	spend := job(dagspec.KindBatch, "chronon_batch_dag_team02", "backfill", "team02.spend.v1", "db.spend", fromOrders)
	up := job(dagspec.KindBatch, "chronon_batch_dag_team02", "upload", "team02.spend.v1", "db.spend_upload", fromOrders)
	job(dagspec.KindBatch, "chronon_batch_dag_team02", "kv_load", "team02.spend.v1", "").after = up
	job(dagspec.KindJoin, "chronon_join_team03__checkout__v1", "backfill", "team03.checkout.v1", "db.checkout",
		plantedInput{table: "db.spend", by: spend}, plantedInput{table: "data.users"})
	job(dagspec.KindJoin, "chronon_join_team03__refund__v1", "backfill", "team03.refund.v1", "db.refund", raw)
	return g
}

// told is the way to the causes as a person reads it.
func told(t *testing.T, x Explanation, name string) []string {
	t.Helper()
	answer, known := x.Why(name)
	if !known {
		t.Fatalf("%s is not known; there are %v", name, x.Names())
	}
	lines := []string{answer.Is.String()}
	for _, s := range answer.Steps {
		line := fmt.Sprintf("%s%s %s %s", strings.Repeat("  ", s.Depth), s.Health.Glyph(), s.Name, s.State)
		if len(s.Causes) > 0 {
			line += " <- " + strings.Join(s.Causes, ", ")
		}
		lines = append(lines, line)
	}
	for _, c := range answer.Causes {
		lines = append(lines, fmt.Sprintf("= %s %s (%d effects, %s)", c.Health.Glyph(), c.Title, len(c.Explains), c.Owner))
	}
	return lines
}

func TestWhyFollowsTheChainToWhatIsNotThere(t *testing.T) {
	t.Parallel()
	g := chain()
	g.absent["data.raw"] = g.plant(CausePartition, "data.raw")
	g.play(nil)
	s := g.picture()
	x := Explain(s, g.details)
	raw := "data.raw/ds=2026-11-22 is not there; it comes from outside <- partition:data.raw/ds=2026-11-22"
	want := []string{
		"conf",
		"◌ team03.checkout.v1 backfill waits for 2026-11-22",
		"  ◌ db.spend/ds=2026-11-22 is not there",
		"    ◌ team02.spend.v1 backfill waits for 2026-11-22",
		"      ◌ db.orders/ds=2026-11-22 is not there",
		"        ◌ team01.orders.v1 backfill waits for 2026-11-22",
		"          ◌ " + raw,
		"= ◌ data.raw/ds=2026-11-22 is not there (10 effects, )",
	}
	if diff := cmp.Diff(want, told(t, x, "team03.checkout.v1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, is := range map[string]string{
		"team03": "team", "chronon_join_team03__refund__v1": "dag", "backfill__refund__v1": "task", "chronon_batch_dag_team02/upload__spend__v1": "task",
		"db.orders": "table", "DB.Orders": "table", "data.raw": "table", "data.raw/ds=2026-11-22": "partition", "db.orders/ds=2026-11-22": "partition",
		"team01.orders.v1": "conf", "": "all",
	} {
		if is == "team" {
			s.Teams = []Team{{Name: name}}
			x = Explain(s, g.details)
		}
		answer, known := x.Why(name)
		if !known || answer.Is.String() != is || len(answer.Causes) != 1 || !strings.HasPrefix(answer.Causes[0].Title, "data.raw") {
			t.Errorf("%q: known %v, a %v, causes %v", name, known, answer.Is, answer.Causes)
		}
	}
	for _, name := range []string{"nobody", "db.nothing", "chronon_batch_dag_team02/nothing", "data.raw2/ds=2026-11-22"} {
		if answer, known := x.Why(name); known {
			t.Errorf("%q is known: %+v", name, answer)
		}
	}
}

func TestWhyEndsInTheFailureOfTheProducer(t *testing.T) {
	t.Parallel()
	g := chain()
	p := g.plant(CauseTask, "java.lang.OutOfMemoryError: Java heap space")
	g.play(nil)
	orders := g.jobs[0]
	orders.state, orders.roots, orders.isRoot, orders.words = "failed", []*plant{p}, true, Words{Class: "out_of_memory", Message: p.name, Remedy: "more memory"}
	for _, j := range g.jobs[1:] {
		j.state, j.roots = g.fate(j)
	}
	s := g.picture()
	x := Explain(s, g.details)
	want := []string{
		"conf",
		"◌ team03.checkout.v1 backfill waits for 2026-11-22",
		"  ◌ db.spend/ds=2026-11-22 is not there",
		"    ◌ team02.spend.v1 backfill waits for 2026-11-22",
		"      ◌ db.orders/ds=2026-11-22 is not there",
		"        ✖ team01.orders.v1 backfill failed for 2026-11-22 <- error:java.lang.OutOfMemoryError: Java heap space",
		"= ✖ team01.orders.v1: java.lang.OutOfMemoryError: Java heap space (7 effects, owner of team01)",
	}
	if diff := cmp.Diff(want, told(t, x, "team03.checkout.v1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"conf", "✔ team03.refund.v1 backfill is done for 2026-11-22"}, told(t, x, "team03.refund.v1")); diff != "" {
		t.Errorf("what is well (-want +got):\n%s", diff)
	}
}

// A sensor that was queued anew between two looks still waits for its partition; one that never had a worker waits for that, and nobody knows more.
func TestASensorThatIsQueuedBetweenTwoLooksStillWaits(t *testing.T) {
	t.Parallel()
	g := chain()
	g.absent["data.raw"] = g.plant(CausePartition, "data.raw")
	g.play(nil)
	for _, looked := range []bool{true, false} {
		s := g.picture()
		for i := range s.DAGs {
			for _, task := range s.DAGs[i].Runs[0].Tasks {
				if task.IsSensor() && task.Health == Waiting {
					at := slices.Index(s.DAGs[i].Runs[0].Tasks, task)
					task.State = []string{"scheduled", "queued"}[i%2]
					if looked {
						task.Start = noon.Add(-time.Hour)
					}
					s.DAGs[i].Runs[0].Tasks[at] = task
				}
			}
		}
		x := Explain(s, g.details)
		answer, _ := x.Why("team03.refund.v1")
		switch {
		case looked && (len(x.Causes) != 1 || x.Causes[0].Kind != CausePartition || len(answer.Causes) != 1 || answer.Causes[0].Health != Waiting):
			t.Errorf("%+v, and of the join %+v", x.Causes, answer)
		case !looked && (len(x.Causes) != 0 || len(answer.Steps) != 2 || len(answer.Causes) != 0):
			t.Errorf("%+v, and of the join %+v", x.Causes, answer)
		}
	}
}
