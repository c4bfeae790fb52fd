package simulated

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
)

// What the runtime makes of every definition (dagspec/runtime/chronon_rt/build.py), with the project file of this demo.
const (
	maxActiveRuns = 8
	retries       = 1
	retryDelay    = 5 * time.Second
	waitRetries   = 10
	pokeInterval  = 30 * time.Second
	workPriority  = 10
)

// purposes begin the descriptions of DAGs.
var purposes = map[dagspec.Kind]func(dagspec.DAG) string{
	dagspec.KindStagingQuery: func(d dagspec.DAG) string { return "Staging queries of " + d.Team },
	dagspec.KindBatch: func(d dagspec.DAG) string {
		return "Daily uploads, KV loads and front-fills of the GroupBys of " + d.Team
	},
	dagspec.KindStreaming:      func(d dagspec.DAG) string { return "Keeps the streaming jobs of " + d.Team + " alive" },
	dagspec.KindJoin:           func(d dagspec.DAG) string { return "Backfill and front-fill of the join " + d.Join },
	dagspec.KindComparison:     func(d dagspec.DAG) string { return "Online/offline comparison of the join " + d.Join },
	dagspec.KindLabelJoin:      func(d dagspec.DAG) string { return "Labels of the join " + d.Join },
	dagspec.KindLogFlattening:  func(d dagspec.DAG) string { return "Flattens the served logs of the joins of " + d.Team },
	dagspec.KindStats:          func(d dagspec.DAG) string { return "Statistics of the joins of " + d.Team },
	dagspec.KindMetadataUpload: func(dagspec.DAG) string { return "Puts the confs of the online joins into the KV store" },
}

// parse reads a generated file as Airflow would after Python had run it: one with definitions, or the one that tells the release. A file of somebody
// else holds no DAG.
func (p *play) parse(_, text string) ([]airflowtest.DAG, error) {
	if told, ok := releaseOf(text); ok {
		return []airflowtest.DAG{told}, nil
	}
	defs, err := dagspec.ReadBackFile(text)
	if err != nil {
		return nil, err
	}
	dags := make([]airflowtest.DAG, 0, len(defs))
	for _, d := range defs {
		dags = append(dags, p.dag(d))
	}
	return dags, nil
}

func (p *play) dag(d dagspec.DAG) airflowtest.DAG {
	made := airflowtest.DAG{
		ID: d.ID, Description: purposes[d.Kind](d) + " [cc:" + d.Hash + "]", Tags: tags(d), Cron: d.Schedule, Catchup: d.Catchup,
		Start: midnight(d.Start), MaxActive: maxActiveRuns,
	}
	if d.Kind == dagspec.KindStreaming {
		made.MaxActive = 1
	}
	added := map[string]bool{}
	for _, t := range d.Tasks {
		after := t.After
		for _, wait := range t.Waits {
			id := wait.TaskID()
			after = append(slices.Clip(after), id)
			if !added[id] {
				added[id] = true
				made.Tasks = append(made.Tasks, p.wait(id, wait))
			}
		}
		task := p.task(d, t)
		task.Upstream = after
		made.Tasks = append(made.Tasks, task)
	}
	return made
}

// releaseOf reads the file that the marker renders: one DAG of strings, without tasks.
func releaseOf(text string) (airflowtest.DAG, bool) {
	told := make(map[string]string)
	for _, found := range keyword.FindAllStringSubmatch(text, -1) {
		if value, err := strconv.Unquote(found[2]); err == nil {
			told[found[1]] = value
		}
	}
	d := airflowtest.DAG{ID: told["dag_id"], Description: told["description"], Doc: told["doc_md"], Tags: []string{marker.Tag}}
	return d, marker.ReleaseOf(d.Description) != ""
}

// keyword is a string that a DAG is called with.
var keyword = regexp.MustCompile(`(?m)^    (dag_id|description|doc_md)=("[^"\n]*"),$`)

func tags(d dagspec.DAG) []string {
	list := []string{dagspec.Tag, dagspec.TagKind + string(d.Kind)}
	if d.Team != "" {
		list = append(list, dagspec.TagTeam+d.Team)
	}
	if d.Join != "" {
		list = append(list, dagspec.TagJoin+d.Join)
	}
	return list
}

// midnight is the beginning of a day in UTC. The zero Date is no time.
func midnight(day dagspec.Date) time.Time {
	at, err := time.Parse(time.DateOnly, day.String())
	if err != nil {
		return time.Time{}
	}
	return at
}

// wait is the sensor of a partition.
func (p *play) wait(id string, w dagspec.Wait) airflowtest.Task {
	return airflowtest.Task{
		ID: id, Operator: "WaitForPartition", Retries: waitRetries, RetryDelay: pokeInterval, Priority: 1, Absolute: true,
		Do: func(t airflowtest.Attempt) airflowtest.Outcome { return p.poke(w, t) },
	}
}

// task is the operator of a job, a KV load or a summary.
func (p *play) task(d dagspec.DAG, t dagspec.Task) airflowtest.Task {
	made := airflowtest.Task{
		ID: t.ID, Operator: "RunChronon", Retries: retries, RetryDelay: retryDelay, Priority: workPriority, Absolute: true, MaxTasks: 1,
		Do: func(a airflowtest.Attempt) airflowtest.Outcome { return p.job(t, a) },
	}
	for _, output := range t.Outputs {
		p.made[output.Table] = true
	}
	switch {
	case t.Mode == dagspec.ModeKVLoad:
		made.Operator = "LoadIntoKvStore"
		made.Do = func(a airflowtest.Attempt) airflowtest.Outcome { return p.kvLoad(t, a) }
	case t.Mode == dagspec.ModeStreaming:
		made.Operator, made.Retries = "KeepAlive", 0
		made.Do = func(a airflowtest.Attempt) airflowtest.Outcome { return p.tick(t, a) }
	case t.Mode == dagspec.ModeSummary && d.Kind == dagspec.KindStreaming:
		made.Operator, made.Rule, made.Retries, made.MaxTasks = "KeepAliveSummary", "all_done", 0, 0
		made.Do = func(a airflowtest.Attempt) airflowtest.Outcome { return p.keepAlive(d, a) }
	case t.Mode == dagspec.ModeSummary:
		made.Operator, made.Rule, made.MaxTasks = "ConsistencySummary", "all_done", 0
		made.Do = func(a airflowtest.Attempt) airflowtest.Outcome { return p.compare(t, a) }
	}
	return made
}
