package airflowtest

import (
	"fmt"
	"strings"
	"time"
)

// Scenario fills a new Airflow with DAGs like those that Chronon's confs become, and with what has happened to them until now.
type Scenario func(*Airflow)

// Healthy is n DAGs of five teams that all do well.
func Healthy(n int) Scenario {
	return func(a *Airflow) { a.settle(a.sampleFiles(n, nil)) }
}

// Fleet is n healthy DAGs, for measuring at size.
func Fleet(n int) Scenario { return Healthy(n) }

// OneTeamDown is n DAGs, and no job of the team "risk" can be submitted: its joins and comparisons fail, its streams are down and cannot be started
// again. What the tasks publish of that is what the runtime does.
func OneTeamDown(n int) Scenario {
	const status = "exit status 1"
	down := tick{state: "down", reason: "it is not running, and starting it ended with " + status, ticks: "aaaaaxxx"}
	return func(a *Airflow) {
		a.settle(a.sampleFiles(n, func(of sampleDAG, does Outcome) Outcome {
			switch {
			case of.team != "risk":
				return does
			case of.kind == "streaming":
				return loses(of, does, down)
			case does.XComs["chronon_consistency"] != "":
				return measuresNothing(of, does)
			}
			return fails(of, does, "exit_status", "the job ended with "+status)
		}))
	}
}

// MidnightBurst is n DAGs whose daily runs have all just begun and take two hours.
func MidnightBurst(n int) Scenario {
	return func(a *Airflow) {
		a.settle(a.sampleFiles(n, func(of sampleDAG, does Outcome) Outcome {
			if of.kind == "join" {
				does.Takes = 2 * time.Hour
			}
			return does
		}))
		defer a.live()()
		today := a.now().Truncate(24 * time.Hour)
		for _, id := range sortedKeys(a.dags) {
			if d := a.dags[id]; d.spec.Every == 24*time.Hour {
				a.makeRun(d, &run{id: "burst__" + pythonISO(today), kind: "scheduled", logical: today, from: today, to: today, due: a.now()})
			}
		}
	}
}

// SchedulerDead is n DAGs that do well until their scheduler stops, after a while.
func SchedulerDead(n int, after time.Duration) Scenario {
	return func(a *Airflow) {
		Healthy(n)(a)
		a.Schedule(a.present().Add(after), Stop())
	}
}

// StreamingFlapping is n DAGs, and the streams of the team "payments" come and go.
func StreamingFlapping(n int) Scenario {
	flapping := tick{
		state: "flapping", reason: "restarted too often in 24 hours, and left down: find out why it dies", restarts: 9, ticks: "rrrrrrrf",
	}
	return func(a *Airflow) {
		a.settle(a.sampleFiles(n, func(of sampleDAG, does Outcome) Outcome {
			if of.team != "payments" || of.kind != "streaming" {
				return does
			}
			return loses(of, does, flapping)
		}))
	}
}

// settle puts files and has them parsed; each DAG then gets the run of its last interval.
func (a *Airflow) settle(files []File) {
	dags := 0
	for _, f := range files {
		dags += len(f.DAGs)
	}
	a.SetPool(defaultPool, max(128, dags)) // as somebody with so many DAGs has it
	a.Put(files...)
	a.ParseAll()
}

// sampleDAG is one DAG of a scenario.
type sampleDAG struct {
	seed             uint64
	team, kind, name string
}

func (of sampleDAG) conf() string { return of.team + "." + of.name }

// slug is the conf's name as task ids have it.
func (of sampleDAG) slug() string { return strings.ReplaceAll(of.name, ".", "__") }

// mode is the mode of its job.
func (of sampleDAG) mode() string {
	if of.kind == "comparison" {
		return "consistency-metrics-compute"
	}
	return "backfill"
}

var sampleTeams = []string{"core", "growth", "payments", "risk", "search"}

// sampleFiles is n DAGs in files of a team and a kind: of twenty, one streams, one compares, and the others are joins. change
// alters what their last task does.
func (a *Airflow) sampleFiles(n int, change func(sampleDAG, Outcome) Outcome) []File {
	perFile := map[string]*File{}
	for i := range n {
		of := sampleDAG{seed: a.opts.Seed, team: sampleTeams[i%len(sampleTeams)], kind: "join", name: fmt.Sprintf("feature_%04d.v1", i)}
		switch i / len(sampleTeams) % 20 {
		case 0:
			of.kind = "streaming"
		case 1:
			of.kind = "comparison"
		}
		name := of.kind + "_" + of.team + ".py"
		if perFile[name] == nil {
			perFile[name] = &File{Name: name}
		}
		perFile[name].DAGs = append(perFile[name].DAGs, of.dag(i, change))
	}
	var files []File
	for _, name := range sortedKeys(perFile) {
		files = append(files, *perFile[name])
	}
	return files
}

// dag is the DAG with its tasks.
func (of sampleDAG) dag(i int, change func(sampleDAG, Outcome) Outcome) DAG {
	ends := func(does Outcome) func(Attempt) Outcome {
		if change != nil {
			does = change(of, does)
		}
		return func(t Attempt) Outcome { return of.dated(does, t) }
	}
	slug := of.slug()
	d := DAG{
		Description: fmt.Sprintf("Sample of %s [cc:%012x]", of.team, i+1), Unpaused: true, Every: 24 * time.Hour, MaxActive: 1,
		Tags: []string{"chronon", "kind:" + of.kind, "team:" + of.team},
	}
	switch of.kind {
	case "streaming":
		d.ID, d.Every = fmt.Sprintf("chronon_streaming_dag_%s_%04d", of.team, i), 20*time.Minute
		d.Tasks = []Task{
			{ID: "keep_alive__" + slug, Do: ends(Outcome{XComs: streamXComs(of, alive)})},
			{ID: "summary", Upstream: []string{"keep_alive__" + slug}, Rule: "all_done", Do: ends(Outcome{Takes: 5 * time.Second, XComs: streamXComs(of, alive)})},
		}
	case "comparison":
		d.ID = fmt.Sprintf("chronon_online_offline_comparison_%s__%s", of.team, slug)
		d.Tags = append(d.Tags, "join:"+of.conf())
		d.Tasks = []Task{
			{ID: "consistency__" + slug, Do: ends(Outcome{Takes: 3 * time.Minute, XComs: progressXCom(of, nil)})},
			{ID: "summary", Upstream: []string{"consistency__" + slug}, Rule: "all_done", Do: ends(Outcome{Takes: 5 * time.Second, XComs: consistencyXCom(of, nil)})},
		}
	default:
		d.ID = fmt.Sprintf("chronon_join_%s__%s", of.team, slug)
		d.Tags = append(d.Tags, "join:"+of.conf())
		wait := "wait_for__data_" + of.team + "__0123abcd"
		d.Tasks = []Task{
			{ID: wait, Operator: "Wait"},
			{ID: "backfill__" + slug, Operator: "Job", Upstream: []string{wait}, Do: ends(Outcome{
				Takes: 4 * time.Minute, Log: []string{"Join range to fill", "Finished writing to " + of.team + "." + slug}, XComs: progressXCom(of, nil),
			})},
		}
	}
	return d
}
