package fleet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// The planted worlds: fleets whose tasks fail and wait for causes that are known because they were put there. What comes of each is worked out
// forwards, from cause to effect; [Explain] works backwards, and must arrive at the same.

const plantedDay = "2026-11-22"

// plant is one thing that goes wrong, and the effects that it must explain.
type plant struct {
	kind    CauseKind
	name    string
	effects map[string]bool // by Effect.Name
}

// plantedJob is a task that is defined, and what became of it.
type plantedJob struct {
	dag, id, conf string
	inputs        []plantedInput
	after         *plantedJob
	output        string // table
	pool          string

	state  string
	roots  []*plant // why it is not done
	words  Words
	isRoot bool
}

// plantedInput is what a job waits for.
type plantedInput struct {
	table string
	shift int
	by    *plantedJob // nil: from outside
}

// garden is a world that is being planted.
type garden struct {
	rand    *rand.Rand
	jobs    []*plantedJob // those that come before others first
	dags    map[string][]*plantedJob
	order   []string
	kinds   map[string]dagspec.Kind
	noRun   map[string]*plant // DAGs without a run of the day
	absent  map[string]*plant // outside tables without the day
	full    map[string]*plant // pools
	plants  []*plant
	details Details
	broken  []BrokenFile
}

func newGarden(seed uint64, dags int) *garden {
	g := &garden{
		rand: rand.New(rand.NewPCG(seed, 7)), dags: map[string][]*plantedJob{}, kinds: map[string]dagspec.Kind{}, noRun: map[string]*plant{},
		absent: map[string]*plant{}, full: map[string]*plant{}, details: Details{Words: map[InstanceRef]Words{}, Slots: map[InstanceRef]Slot{}},
	}
	g.grow(dags)
	return g
}

func (g *garden) chance(percent int) bool { return g.rand.IntN(100) < percent }

// grow makes DAGs of staging queries, of GroupBys with their uploads and KV loads, and of joins that need all of them.
func (g *garden) grow(n int) {
	for i := range n {
		team := fmt.Sprintf("team%02d", i%20)
		switch layer := i * 10 / n; {
		case layer < 2:
			g.staging(team, i)
		case layer < 4:
			g.batch(team, i)
		default:
			g.join(team, i)
		}
	}
}

func (g *garden) add(kind dagspec.Kind, j *plantedJob) *plantedJob {
	if g.dags[j.dag] == nil {
		g.order = append(g.order, j.dag)
	}
	g.kinds[j.dag] = kind
	g.dags[j.dag] = append(g.dags[j.dag], j)
	g.jobs = append(g.jobs, j)
	return j
}

func (g *garden) staging(team string, i int) {
	dag := fmt.Sprintf("chronon_staging_query_%s_%04d", team, i)
	for k := range 2 {
		name := fmt.Sprintf("q%04d_%d.v1", i, k)
		g.add(dagspec.KindStagingQuery, &plantedJob{
			dag: dag, id: "backfill__" + strings.ReplaceAll(name, ".", "__"), conf: team + "." + name, output: "db." + strings.ReplaceAll(team+"."+name, ".", "_"),
			inputs: g.outside(1 + g.rand.IntN(2)),
		})
	}
}

func (g *garden) batch(team string, i int) {
	dag := fmt.Sprintf("chronon_batch_dag_%s_%04d", team, i)
	name := fmt.Sprintf("g%04d.v1", i)
	slug, table := strings.ReplaceAll(name, ".", "__"), "db."+strings.ReplaceAll(team+"."+name, ".", "_")
	fill := g.add(dagspec.KindBatch, &plantedJob{
		dag: dag, id: "backfill__" + slug, conf: team + "." + name, output: table, inputs: append(g.inside(1), g.outside(g.rand.IntN(2))...),
	})
	up := g.add(dagspec.KindBatch, &plantedJob{dag: dag, id: "upload__" + slug, conf: team + "." + name, output: table + "_upload", inputs: fill.inputs})
	g.add(dagspec.KindBatch, &plantedJob{dag: dag, id: "kv_load__" + slug, conf: team + "." + name, after: up})
}

func (g *garden) join(team string, i int) {
	name := fmt.Sprintf("j%04d.v1", i)
	slug := strings.ReplaceAll(name, ".", "__")
	g.add(dagspec.KindJoin, &plantedJob{
		dag: "chronon_join_" + team + "__" + slug, id: "backfill__" + slug, conf: team + "." + name, output: "db." + strings.ReplaceAll(team+"."+name, ".", "_"),
		inputs: append(g.inside(1+g.rand.IntN(3)), g.outside(g.rand.IntN(2))...), pool: []string{"", "", "spark"}[g.rand.IntN(3)],
	})
}

func (g *garden) outside(n int) []plantedInput {
	var inputs []plantedInput
	for range n {
		inputs = append(inputs, plantedInput{table: fmt.Sprintf("data.events_%d", g.rand.IntN(40)), shift: -g.rand.IntN(2)})
	}
	return inputs
}

// inside picks tables that jobs of the repository write.
func (g *garden) inside(n int) []plantedInput {
	var inputs []plantedInput
	for range 8 * n {
		j := g.jobs[g.rand.IntN(len(g.jobs))]
		if j.output != "" && !strings.HasSuffix(j.output, "_upload") && len(inputs) < n && g.kinds[j.dag] != dagspec.KindJoin {
			inputs = append(inputs, plantedInput{table: j.output, by: j})
		}
	}
	return inputs
}

func (g *garden) plant(kind CauseKind, name string) *plant {
	p := &plant{kind: kind, name: name, effects: map[string]bool{}}
	g.plants = append(g.plants, p)
	return p
}

// sow plants causes of many kinds, and lets them come to effect.
func (g *garden) sow(causes int) {
	var failing []*plant
	for i := range causes {
		switch i % 7 {
		case 0:
			table := fmt.Sprintf("data.events_%d", g.rand.IntN(40))
			if g.absent[table] == nil {
				g.absent[table] = g.plant(CausePartition, table)
			}
		case 1, 2:
			failing = append(failing, g.plant(CauseTask, fmt.Sprintf("own error %c%c", 'a'+i%26, 'a'+i/26)))
		case 3:
			failing = append(failing, g.plant(CauseError, fmt.Sprintf("org.apache.spark.SparkException: shared error %c%c at /tmp/x/%d", 'a'+i%26, 'a'+i/26, i)))
		case 4:
			g.withoutRun(CausePaused)
		case 5:
			g.withoutRun(CauseImport)
		case 6:
			failing = append(failing, g.plant(CausePermission, fmt.Sprintf("AccessControlException: Permission denied: user=etl%c, access=WRITE", 'a'+i%26)))
		}
	}
	if causes > 3 {
		g.full["spark"] = g.plant(CausePool, "spark")
	}
	g.play(failing)
}

// withoutRun has a DAG that others need make no run today: it is paused, or its file does not import.
func (g *garden) withoutRun(kind CauseKind) {
	dag := g.order[g.rand.IntN(len(g.order)/2)]
	if g.noRun[dag] != nil {
		return
	}
	g.noRun[dag] = g.plant(kind, dag)
	if kind == CauseImport {
		file := dag + ".py"
		g.broken = append(g.broken, BrokenFile{File: file, Trace: "Traceback:\nNameError: name '" + dag + "' is not defined", Ours: true})
		g.noRun[dag].effects[file], g.noRun[dag].effects[dag] = true, true
	}
}

// play works out what becomes of every job. Each failing plant strikes one job that could run, a shared one up to twelve.
func (g *garden) play(failing []*plant) {
	left := map[*plant]int{}
	for _, p := range failing {
		left[p] = 1
		if p.kind != CauseTask {
			left[p] = 2 + g.rand.IntN(11)
		}
	}
	every := max(1, len(g.jobs)/(8*max(1, len(failing))))
	for i, j := range g.jobs {
		j.state, j.roots = g.fate(j)
		if j.state != "success" || i%every != 0 || len(failing) == 0 || g.full[j.pool] != nil {
			continue
		}
		p := failing[0]
		if left[p]--; left[p] == 0 {
			failing = failing[1:]
		}
		j.state, j.roots, j.isRoot = "failed", []*plant{p}, true
		if p.kind == CauseError && g.chance(20) {
			j.state = "up_for_retry"
		}
		j.words = g.said(p)
	}
	g.plants = slices.DeleteFunc(g.plants, func(p *plant) bool { return left[p] > 0 && p.kind == CauseTask })
}

// said is what a job says of an error: the same in other words.
func (g *garden) said(p *plant) Words {
	message := strings.ReplaceAll(p.name, "/tmp/x/", fmt.Sprintf("/tmp/%d/", g.rand.IntN(1000)))
	switch g.rand.IntN(2) {
	case 0:
		return Words{Class: "exit_status", Message: "the job ended with exit status 1", Line: message}
	default:
		return Words{Line: "\x1b[31m" + message + "\x1b[0m"}
	}
}

// fate is what becomes of a job that nothing strikes.
func (g *garden) fate(j *plantedJob) (state string, roots []*plant) {
	if p := g.noRun[j.dag]; p != nil {
		return "absent", []*plant{p}
	}
	if j.after != nil && j.after.state != "success" {
		if j.after.state == "failed" || j.after.state == "upstream_failed" {
			return "upstream_failed", j.after.roots
		}
		return "", j.after.roots
	}
	for _, in := range j.inputs {
		roots = append(roots, g.lack(in)...)
	}
	if len(roots) > 0 {
		return "", roots
	}
	if p := g.full[j.pool]; p != nil {
		return "scheduled", []*plant{p}
	}
	return "success", nil
}

// lack is why an input is not there.
func (g *garden) lack(in plantedInput) []*plant {
	switch {
	case in.by == nil && g.absent[in.table] != nil && in.shift == 0: // the day before is there
		return []*plant{g.absent[in.table]}
	case in.by != nil && in.by.state != "success":
		return in.by.roots
	}
	return nil
}

// definition is a DAG as its jobs say.
func (g *garden) definition(id string) dagspec.DAG {
	d := dagspec.DAG{ID: id, Kind: g.kinds[id], Team: plantedTeam(id), Owner: "owner of " + plantedTeam(id), Schedule: "0 0 * * *"}
	for _, j := range g.dags[id] {
		t := dagspec.Task{ID: j.id, Conf: j.conf, Mode: dagspec.ModeBackfill}
		if j.output != "" {
			t.Outputs = []dagspec.Partition{datedTable(j.output, 0)}
		}
		if strings.HasSuffix(j.output, "_upload") {
			t.Mode, t.Outputs = dagspec.ModeUpload, []dagspec.Partition{{Table: j.output}}
		}
		if j.after != nil {
			t.Mode, t.After = dagspec.ModeKVLoad, []string{j.after.id}
		}
		for _, in := range j.inputs {
			t.Waits = append(t.Waits, g.wait(in))
		}
		d.Tasks = append(d.Tasks, t)
	}
	return d
}

func (g *garden) wait(in plantedInput) dagspec.Wait {
	w := dagspec.Wait{Partition: datedTable(in.table, in.shift)}
	w.Spec = w.Partition.Spec()
	if in.by != nil {
		w.ProducedBy, w.Producer = in.by.dag, in.by.conf
	}
	return w
}

func datedTable(table string, shift int) dagspec.Partition {
	return dagspec.Partition{Table: table, Fields: []dagspec.Field{{Column: "ds", Value: []dagspec.Arg{{Day: &dagspec.Day{Shift: shift}}}}}}
}

// plantedTeam is the team in an id of a planted DAG.
func plantedTeam(dag string) string {
	i := strings.Index(dag, "team")
	return dag[i : i+6]
}

// picture is the world as an observer would see it, and fills in what each plant comes to.
func (g *garden) picture() Snapshot {
	var defs dagspec.Definitions
	s := Snapshot{At: noon, Server: Server{Version: "3.3.2", Health: OK}, Broken: g.broken}
	for _, id := range g.order {
		defs.DAGs = append(defs.DAGs, g.definition(id))
		d := DAG{ID: id, Kind: g.kinds[id], Team: plantedTeam(id), Hash: "0123456789ab", NextRun: noon.Truncate(24 * time.Hour)}
		yesterday := g.yesterday(id)
		switch p := g.noRun[id]; {
		case p == nil:
			d.Runs = []Run{g.today(id), yesterday}
		case p.kind == CausePaused:
			d.Paused, d.Runs = true, []Run{yesterday}
		default:
			d.Broken, d.Runs = true, []Run{yesterday}
		}
		d.Health = dagHealth(&d, true)
		s.DAGs = append(s.DAGs, d)
	}
	slices.SortFunc(s.DAGs, func(a, b DAG) int { return strings.Compare(a.ID, b.ID) })
	s.Intent = IntentOf(defs)
	if g.full["spark"] != nil {
		g.details.Pools = []PoolUse{{Name: "spark", Slots: 8, Scheduled: 99}, {Name: "default_pool", Slots: 128, Open: 100}}
	}
	return s
}

// yesterday is a run in which all went well, but for one job that failed first and was run again by hand.
func (g *garden) yesterday(id string) Run {
	return g.run(id, "2026-11-21", "success", func(*plantedJob) string { return "success" })
}

func (g *garden) today(id string) Run {
	state := "success"
	for _, j := range g.dags[id] {
		switch j.state {
		case "failed", "upstream_failed":
			state = "failed"
		}
	}
	for _, j := range g.dags[id] {
		if j.state == "" || j.state == "scheduled" || j.state == "up_for_retry" {
			state = "running"
		}
	}
	r := g.run(id, plantedDay, state, func(j *plantedJob) string { return j.state })
	for _, j := range g.dags[id] {
		g.reap(r, j)
	}
	return r
}

// reap notes the effects of a job that is not done, and what the job said.
func (g *garden) reap(r Run, j *plantedJob) {
	ref := InstanceRef{DAGID: j.dag, RunID: r.ID, TaskID: j.id, MapIndex: -1}
	if j.isRoot {
		g.details.Words[ref] = j.words
	}
	if j.state == "scheduled" {
		g.details.Slots[ref] = Slot{Pool: j.pool}
	}
	note := func(roots []*plant, task string) {
		for _, p := range roots {
			p.effects[Effect{DAGID: j.dag, RunID: r.ID, Day: r.Day, TaskID: task, MapIndex: -1}.Name()] = true
		}
	}
	note(j.roots, j.id)
	for _, in := range j.inputs {
		note(g.lack(in), g.wait(in).TaskID())
	}
}

// run makes a run with its sensors and jobs. state is asked for the jobs; sensors look for what there is.
func (g *garden) run(id, day, runState string, state func(*plantedJob) string) Run {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	seen := map[string]bool{}
	var tasks []Task
	add := func(task, state string) {
		if seen[task] {
			return
		}
		seen[task] = true
		ti := airflowclient.TaskInstance{DAGID: id, RunID: "scheduled__" + day, TaskID: task, MapIndex: -1, State: airflowclient.State(state), Try: 1}
		if state == "success" {
			ti.Start, ti.End = at.Add(25*time.Hour), at.Add(26*time.Hour)
		}
		tasks = append(tasks, taskOf(ti))
	}
	for _, j := range g.dags[id] {
		add(j.id, state(j))
		for _, in := range j.inputs {
			look := "success"
			if day == plantedDay && len(g.lack(in)) > 0 {
				look = "up_for_reschedule"
			}
			add(g.wait(in).TaskID(), look)
		}
	}
	slices.SortStableFunc(tasks, compareTasks)
	r := airflowclient.Run{
		DAGID: id, ID: "scheduled__" + day, State: airflowclient.State(runState), LogicalDate: at, IntervalFrom: at, IntervalTo: at.Add(24 * time.Hour),
		Start: at.Add(24 * time.Hour),
	}
	return runOf(&r, tasks, wasRead)
}
