package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// check holds the causes that were found to what was planted: as many, of the same kinds, with the same effects.
func (g *garden) check(t interface {
	Helper()
	Errorf(string, ...any)
}, s Snapshot, found []Cause,
) {
	t.Helper()
	type told struct {
		Kind    CauseKind
		Effects string
	}
	var want, got []told
	for _, p := range g.plants {
		if len(p.effects) == 0 {
			continue // a paused DAG that nobody waits for, a pool that nobody needed
		}
		kind := p.kind
		if kind == CauseError && g.confsOf(p) == 1 {
			kind = CauseTask
		}
		want = append(want, told{kind, joinedKeys(p.effects)})
	}
	for _, c := range found {
		names := map[string]bool{}
		for _, e := range c.Explains {
			names[e.Name()] = true
		}
		got = append(got, told{c.Kind, joinedKeys(names)})
		if c.Title == "" || c.Known == "" || c.Ends == "" {
			t.Errorf("a cause says too little: %+v", c)
		}
	}
	order := func(a, b told) int { return strings.Compare(a.Kind.String()+a.Effects, b.Kind.String()+b.Effects) }
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%d causes were planted and %d found (-planted +found):\n%s", len(want), len(got), diff)
	}
	if left := unexplained(s, found); len(left) > 0 {
		t.Errorf("%d effects have no cause: %v", len(left), left[:min(3, len(left))])
	}
}

// confsOf is how many confs an error struck.
func (g *garden) confsOf(p *plant) int {
	confs := map[string]bool{}
	for _, j := range g.jobs {
		if j.isRoot && j.roots[0] == p {
			confs[j.conf] = true
		}
	}
	return len(confs)
}

func joinedKeys(set map[string]bool) string {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

// unexplained are the failed tasks and waiting sensors that no cause names.
func unexplained(s Snapshot, causes []Cause) []string {
	explained := map[string]bool{}
	for _, c := range causes {
		for _, e := range c.Explains {
			explained[e.Name()] = true
		}
	}
	var left []string
	for _, d := range s.DAGs {
		for r := range standing(&d) {
			for _, t := range r.Tasks {
				name := Effect{DAGID: d.ID, RunID: r.ID, Day: r.Day, TaskID: t.ID, MapIndex: t.MapIndex}.Name()
				if (t.Health == Failed || t.Health == Waiting && t.IsSensor()) && !explained[name] {
					left = append(left, name)
				}
			}
		}
	}
	return left
}

// failedRuns is how many runs of a picture failed or wait.
func failedRuns(s Snapshot) (n int) {
	for _, d := range s.DAGs {
		for _, r := range d.Runs {
			if r.Health != OK {
				n++
			}
		}
	}
	return n
}

func TestPlantedCausesExplainABigFleet(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			g := newGarden(seed, 3000)
			g.sow(24)
			s := g.picture()
			if bad := failedRuns(s); bad < 500 || len(s.DAGs) < 3000 {
				t.Fatalf("%d DAGs, and only %d runs that failed or wait", len(s.DAGs), bad)
			}
			g.check(t, s, Causes(s, g.details))
		})
	}
}

func TestPlantedCausesAreFoundWhateverTheWorld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := newGarden(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(20, 120).Draw(t, "DAGs"))
		g.sow(rapid.IntRange(0, 14).Draw(t, "causes"))
		s := g.picture()
		g.check(t, s, Causes(s, g.details))
	})
}

// The order in which things stand in a picture makes no difference, and asking twice gives the same.
func TestCausesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := newGarden(5, 300)
	g.sow(12)
	s := g.picture()
	first := Causes(s, g.details)
	if diff := cmp.Diff(first, Causes(s, g.details)); diff != "" {
		t.Errorf("asked twice:\n%s", diff)
	}
	if len(first) < 8 {
		t.Errorf("only %d causes", len(first))
	}
}

func BenchmarkCauses(b *testing.B) {
	g := newGarden(1, 3000)
	g.sow(24)
	s := g.picture()
	b.Logf("%d bad runs, %d causes", failedRuns(s), len(Causes(s, g.details)))
	for b.Loop() {
		Causes(s, g.details)
	}
}
