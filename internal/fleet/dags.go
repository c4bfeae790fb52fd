package fleet

import (
	"cmp"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// dagOf is a row of Airflow's DAG list as the fleet has it, without its runs.
func dagOf(d airflowclient.DAG, names namer) DAG {
	who := identify(d.ID, d.Tags, names)
	return DAG{
		ID: d.ID, Kind: who.kind, Team: who.team, Join: who.join, Hash: dagspec.ContentHash(d.Description),
		Paused: d.Paused, Stale: d.Stale, Broken: d.HasImportErrors, NextRun: d.NextRun, NextDue: d.NextRunAfter,
	}
}

// runOf is a run as the fleet has it, with its tasks as far as they are known.
func runOf(r *airflowclient.Run, tasks []Task, read reading) Run {
	out := Run{
		DAGID: r.DAGID, ID: r.ID, State: string(r.State), Type: r.Type, Health: runHealth(r.State, tasks, read),
		From: r.IntervalFrom, To: r.IntervalTo, Start: r.Start, End: r.End, Range: rangeOf(r.Conf),
	}
	if !r.LogicalDate.IsZero() {
		out.Day = r.LogicalDate.UTC().Format(time.DateOnly)
	}
	if read == wasRead {
		out.Tasks = tasks
	}
	return out
}

// rangeOf is the range of days that a run was started with (dagspec/runtime/README.md, "What a run accepts"). Anything else is none.
func rangeOf(conf map[string]any) DayRange {
	chronon, _ := conf["chronon"].(map[string]any)
	from, _ := chronon["start_ds"].(string)
	to, _ := chronon["end_ds"].(string)
	if to == "" {
		return DayRange{} // as nearly all runs
	}
	if _, err := dagspec.ParseDate(to); err != nil {
		return DayRange{}
	}
	if _, err := dagspec.ParseDate(from); err != nil || from > to {
		from = to
	}
	return DayRange{From: from, To: to}
}

// isStreaming says whether the DAG's runs are ticks of a few minutes, where only the newest matters, and not days that each must be done.
func isStreaming(kind dagspec.Kind) bool { return kind == dagspec.KindStreaming }

// standing are the runs, newest first as those of the DAG, that still say something: the newest run of each day, since a later run of a day supersedes
// an earlier one; of a streaming DAG what is under way and the newest that ended.
func standing(d *DAG) iter.Seq[*Run] {
	return func(yield func(*Run) bool) {
		day, ended := "", false // of the runs so far
		for i := range d.Runs {
			r := &d.Runs[i]
			switch {
			case isStreaming(d.Kind) && r.finished():
				if ended {
					continue
				}
				ended = true
			case !isStreaming(d.Kind) && r.Day != "":
				if r.Day == day {
					continue
				}
				day = r.Day
			}
			if !yield(r) {
				return
			}
		}
	}
}

// dagHealth is what a DAG needs, by the runs that stand. A failed day stays failed until a newer run of that day ends well, whatever later days did.
// runsKnown is false when the list of runs could not be read.
func dagHealth(d *DAG, runsKnown bool) Health {
	health := runsHealth(d)
	if !runsKnown {
		health = Worst(health, Unknown)
	}
	if d.Paused {
		health = Worst(health, Paused)
	}
	if d.Stale {
		health = Worst(health, Unknown)
	}
	if d.Broken {
		health = Failed
	}
	return health
}

// runsHealth folds the runs that stand into one state: what is broken or unclear anywhere, else what is under way, else how the newest ended.
func runsHealth(d *DAG) Health {
	var has [Failed + 1]bool
	var newest, ended *Run
	for r := range standing(d) {
		has[r.Health] = true
		if newest == nil {
			newest = r
		}
		if ended == nil && r.finished() {
			ended = r
		}
	}
	speaks := !isStreaming(d.Kind) // a tick is nearly always under way, and says nothing
	switch {
	case has[Failed]:
		return Failed
	case has[Unknown]:
		return Unknown
	case has[Running] && speaks:
		return Running
	case has[Waiting] && speaks:
		return Waiting
	case ended != nil:
		return ended.Health
	case newest != nil:
		return newest.Health
	}
	return None
}

// brokenFileOf is an import error as the fleet has it. A file is ours when one of our DAGs came from it, or when its name or its trace is of the
// kind that only we write: a file that never loaded has no DAG.
func brokenFileOf(e airflowclient.ImportError, ours []airflowclient.DAG) BrokenFile {
	isFrom := func(d airflowclient.DAG) bool { return sameFile(d.FileLoc, e.File) }
	return BrokenFile{
		File: e.File, Trace: e.Trace, At: e.Timestamp,
		Ours: slices.ContainsFunc(ours, isFrom) || generatedName(e.File) || strings.Contains(e.Trace, "chronon_rt_"),
	}
}

// sameFile compares a path with one that may be relative to the DAG bundle.
func sameFile(full, file string) bool {
	return file != "" && (full == file || strings.HasSuffix(full, "/"+strings.TrimPrefix(file, "/")))
}

// generatedName says whether the file is called as deploy calls them: <kind>_<team>.py.
func generatedName(file string) bool {
	name := path.Base(file)
	for _, kind := range kinds {
		if strings.HasPrefix(name, string(kind)+"_") && strings.HasSuffix(name, ".py") {
			return true
		}
	}
	return false
}

// kinds are all kinds of DAG, in the order in which data flows.
var kinds = []dagspec.Kind{
	dagspec.KindStagingQuery, dagspec.KindBatch, dagspec.KindStreaming, dagspec.KindJoin, dagspec.KindComparison,
	dagspec.KindLabelJoin, dagspec.KindLogFlattening, dagspec.KindStats, dagspec.KindMetadataUpload,
}

// compareRuns puts the newest first: by the day or tick that a run is for, then by when it started.
func compareRuns(a, b airflowclient.Run) int {
	return cmp.Or(when(b).Compare(when(a)), b.Start.Compare(a.Start), strings.Compare(b.ID, a.ID))
}

// when is the moment that a run belongs to. A run without a logical date is placed by when it could start.
func when(r airflowclient.Run) time.Time {
	for _, t := range []time.Time{r.LogicalDate, r.RunAfter, r.Queued} {
		if !t.IsZero() {
			return t
		}
	}
	return r.Start
}

func compareTasks(a, b Task) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), a.MapIndex-b.MapIndex, a.Try-b.Try)
}
