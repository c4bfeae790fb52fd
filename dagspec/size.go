package dagspec

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Sizes of a DAG in Airflow's database, in bytes of JSON. Airflow keeps each DAG as one row. With MySQL's default sort buffer of 256 KB, queries over larger
// rows begin to fail, and rows above 1 MB have stopped DAG processors (issues 29806 and 55589 of apache/airflow).
const (
	largeDAG = 256 << 10
	hugeDAG  = 1 << 20
)

// What Airflow 2.11 writes besides names, measured: for a DAG, for each task, for a task that gives its slot back, and for each mention of a task or of
// the runtime.
const (
	sizeOfDAG   = 1000
	sizeOfTask  = 610
	sizeOfAgain = 480
	sizeOfName  = 5
)

// SerializedSize estimates how many bytes of JSON a DAG is in the database of Airflow 2.11; Airflow 3 takes about two thirds of it. A real Airflow holds the
// estimate to a tenth in the tests.
func SerializedSize(dag *DAG) int {
	size := sizeOfDAG
	own := len(firstOf(dag.Owner, dag.Team)) + len(dag.Queue) + len(dag.User) + len(strings.Join(dag.Emails, `", "`))
	task := func(id string, again bool) {
		size += sizeOfTask + own + 3*len(id) // its own record, and its place in the task group, which says its id twice
		if again {
			size += sizeOfAgain
		}
	}
	loaded := map[string]bool{} // tasks that a KV load follows
	for i := range dag.Tasks {
		if dag.Tasks[i].Mode == ModeKVLoad {
			for _, id := range dag.Tasks[i].After {
				loaded[id] = true
			}
		}
	}
	waits := map[string]bool{}
	for i := range dag.Tasks {
		t := &dag.Tasks[i]
		task(t.ID, loaded[t.ID])
		size += (len(t.Waits) + len(t.After)) * (len(t.ID) + sizeOfName) // what comes before a task names it
		for _, wait := range t.Waits {
			if id := wait.waitID(); !waits[id] {
				waits[id] = true
				task(id, true)
			}
		}
	}
	return size
}

// checkSizes warns of DAGs that Airflow's database may not carry, and of parts for teams that there are not.
func (b *builder) checkSizes() {
	for team := range b.s.DAGs.Parts {
		if !b.repo.teams.has(team) {
			b.about(projectFile).warn(codeSettings, "dags.parts", fmt.Sprintf("names %q, which is no team of teams.json%s", team, nearestTeam(team, &b.repo.teams)), "correct the name, or take it out")
		}
	}
	for key, size := range b.largeDAGs() {
		dag := b.dags[key]
		means := "MySQL's default sort buffer is smaller"
		if size >= hugeDAG {
			means = "more than 1 MB, which has stopped DAG processors"
		}
		message := fmt.Sprintf("%s will be about %d KB in Airflow's database: %s", dag.ID, size>>10, means)
		if key.join != "" {
			b.about(dag.Tasks[0].ConfFile).warn(codeLarge, "", message, "set compress_serialized_dags in Airflow's section [core]")
			continue
		}
		b.about(projectFile).warn(codeLarge, "dags.parts", message, fmt.Sprintf("divide the team's confs with `dags: {parts: {%s: %d}}` in chrononctl.yaml, or set compress_serialized_dags in Airflow's section [core]",
			key.team, max(2, b.s.DAGs.Parts[key.team])+size/hugeDAG))
	}
}

// largeDAGs are the DAGs that are to be warned of, with their sizes.
func (b *builder) largeDAGs() map[dagKey]int {
	var lock sync.Mutex
	large := map[dagKey]int{}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for key, dag := range b.dags {
		group.Go(func() error {
			if size := SerializedSize(dag); size >= largeDAG && len(dag.Tasks) > 0 {
				lock.Lock()
				defer lock.Unlock()
				large[key] = size
			}
			return nil
		})
	}
	_ = group.Wait() // its functions cannot fail
	return large
}

// partOf chooses one of n parts for a conf, from 0. It is rendezvous hashing: with one part more, only those confs move that go into the new part.
func partOf(name string, n int) int {
	if n < 2 {
		return 0
	}
	parts := make([]int, n)
	for i := range parts {
		parts[i] = i
	}
	return slices.MaxFunc(parts, func(x, y int) int { return cmp.Compare(weight(name, x), weight(name, y)) })
}

func weight(name string, part int) uint64 {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s", part, name)
	// The last bytes of FNV stir its upper bits little; this is the finaliser of MurmurHash3.
	x := sum.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
