package dagspec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// lineage is what comes before what: each task with the tasks that it needs, in its own DAG and, through the tables, in others.
type lineage struct {
	nodes  []node
	index  map[nodeKey]int
	users  [][]int          // by node: those that need it
	asking map[string][]int // by producerKey: those that wait for it
}

// node is a task, and what it needs.
type node struct {
	dag  *DAG
	task *Task
	file string
	need []need
}

type nodeKey struct{ dag, task string }

// need is an edge from a task to one that must come before it.
type need struct {
	to   int
	days int    // the other's run lies so many days after this one's; negative: before
	wait *Wait  // nil: the other stands in the same DAG
	key  string // producerKey of what is waited for
}

// lineage builds the graph of all tasks. Whole tables make no edge: a wait for one is over when it exists.
func (b *builder) lineage() *lineage {
	g := &lineage{index: map[nodeKey]int{}}
	dags := make([]*DAG, 0, len(b.dags))
	for _, dag := range b.dags {
		dags = append(dags, dag)
	}
	slices.SortFunc(dags, func(x, y *DAG) int { return cmp.Compare(x.ID, y.ID) })
	for _, dag := range dags {
		for i := range dag.Tasks {
			g.index[nodeKey{dag.ID, dag.Tasks[i].ID}] = len(g.nodes)
			g.nodes = append(g.nodes, node{dag: dag, task: &dag.Tasks[i], file: dag.Tasks[i].ConfFile})
		}
	}
	for i := range g.nodes {
		b.connect(g, &g.nodes[i])
	}
	g.users, g.asking = make([][]int, len(g.nodes)), map[string][]int{}
	for i := range g.nodes {
		for _, n := range g.nodes[i].need {
			if n.to >= 0 {
				g.users[n.to] = append(g.users[n.to], i)
			}
			if n.wait != nil {
				g.asking[n.key] = append(g.asking[n.key], i)
			}
		}
	}
	return g
}

// connect adds the edges of one task.
func (b *builder) connect(g *lineage, n *node) {
	for _, before := range n.task.After {
		if to, ok := g.index[nodeKey{n.dag.ID, before}]; ok {
			n.need = append(n.need, need{to: to})
		}
	}
	for w := range n.task.Waits {
		wait := &n.task.Waits[w]
		key := producerKey(wait.Partition)
		by, known := b.producers[key]
		if !known || !wait.Partition.moves() {
			n.need = append(n.need, need{to: -1, wait: wait, key: key})
			continue
		}
		if to, ok := g.index[nodeKey{by.dag.ID, by.task}]; ok {
			// The run of day d - lag of the producer's days is the one of day d.
			n.need = append(n.need, need{to: to, days: wait.Partition.earliestShift() + g.nodes[to].task.Lag, wait: wait, key: key})
		}
	}
}

// moves says whether the partition depends on the day of the run.
func (p Partition) moves() bool {
	return slices.ContainsFunc(p.Fields, func(f Field) bool {
		return slices.ContainsFunc(f.Value, func(a Arg) bool { return a.Day != nil })
	})
}

// behind lists the confs that cannot go on while a conf waits for a table: those that need, directly or not, what its waiting tasks write.
func (g *lineage) behind(file, key string) []string {
	todo := slices.DeleteFunc(slices.Clone(g.asking[key]), func(i int) bool { return g.nodes[i].file != file })
	seen := map[int]bool{}
	var names []string
	for len(todo) > 0 {
		i := todo[0]
		todo = todo[1:]
		if seen[i] {
			continue
		}
		seen[i] = true
		if g.nodes[i].file != file && g.nodes[i].task.Conf != "" {
			names = append(names, g.nodes[i].task.Conf)
		}
		todo = append(todo, g.users[i]...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// heldUp ends a sentence about a wait without end with who waits along.
func heldUp(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "; " + names[0] + " waits with it"
	case 2, 3:
		return "; " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " wait with it"
	default:
		return fmt.Sprintf("; %s, %s and %d more wait with it", names[0], names[1], len(names)-2)
	}
}

// cycles finds tasks that need each other in a circle and can therefore never start, one circle for each set of such tasks. A circle that leads to
// an earlier day, as that of a table that is built on its own yesterday, is none.
func (g *lineage) cycles() [][]need {
	var found [][]need
	for _, group := range g.entangled() {
		if circle := g.circle(group); circle != nil {
			found = append(found, circle)
		}
	}
	return found
}

// entangled are the sets of tasks that all need each other (Tarjan's strongly connected components), without those that are one task that needs
// nothing of itself.
func (g *lineage) entangled() [][]int {
	t := tarjan{g: g, order: make([]int, len(g.nodes)), low: make([]int, len(g.nodes)), on: make([]bool, len(g.nodes))}
	for i := range g.nodes {
		if t.order[i] == 0 {
			t.visit(i)
		}
	}
	return t.groups
}

// tarjan is the state of one search for strongly connected components.
type tarjan struct {
	g          *lineage
	next       int
	order, low []int // order is 0 for a node that was not seen yet
	on         []bool
	stack      []int
	groups     [][]int
}

func (t *tarjan) visit(i int) {
	t.next++
	t.order[i], t.low[i] = t.next, t.next
	t.stack, t.on[i] = append(t.stack, i), true
	self := false
	for _, n := range t.g.nodes[i].need {
		switch {
		case n.to < 0:
		case n.to == i:
			self = true
		case t.order[n.to] == 0:
			t.visit(n.to)
			t.low[i] = min(t.low[i], t.low[n.to])
		case t.on[n.to]:
			t.low[i] = min(t.low[i], t.order[n.to])
		}
	}
	if t.low[i] != t.order[i] {
		return
	}
	at := slices.Index(t.stack, i)
	group := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, member := range group {
		t.on[member] = false
	}
	if len(group) > 1 || self {
		slices.Sort(group)
		t.groups = append(t.groups, group)
	}
}

// circle finds a circle within a set whose days do not add up to an earlier day, as the needs that lead around it, and nil if there is none. It is
// the search of Bellman and Ford for a negative circle, over lengths that are negative exactly for such circles.
func (g *lineage) circle(group []int) []need {
	within := make(map[int]bool, len(group))
	for _, i := range group {
		within[i] = true
	}
	length := make(map[int]int, len(group))
	came := make(map[int]struct {
		from int
		need need
	}, len(group))
	last := -1
	for range len(group) + 1 {
		last = -1
		for _, i := range group {
			for _, n := range g.nodes[i].need {
				if !within[n.to] {
					continue
				}
				if through := length[i] - n.days*(len(group)+1) - 1; through < length[n.to] {
					length[n.to], last = through, n.to
					came[n.to] = struct {
						from int
						need need
					}{i, n}
				}
			}
		}
		if last < 0 {
			return nil
		}
	}
	for range group { // walk back into the circle
		last = came[last].from
	}
	var around []need
	for at := last; ; {
		step := came[at]
		around = append(around, step.need)
		if at = step.from; at == last {
			break
		}
	}
	slices.Reverse(around)
	return around
}
