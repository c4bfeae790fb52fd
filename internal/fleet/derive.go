package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/joblog"
)

// observation is everything that was read for one picture, in any order. What could not be read is said in problems; the rest stays usable.
type observation struct {
	at        time.Time
	read      time.Time     // when the runs were read
	due       time.Time     // when they are read again
	skew      time.Duration // of the server's clock
	past      Past
	lifetimes Lifetimes
	progress  map[instance]joblog.Facts // of jobs at work whose logs are followed
	intent    *Intent                   // what should run
	answers   map[string]answer         // to the questions for wanted DAGs that are not listed
	teams     []string                  // looked at; none: all
	names     namer                     // reads DAG ids whose tags do not say enough
	name      string
	url       string
	server    airflowclient.Server
	health    *airflowclient.Health // nil: could not be read
	dags      []airflowclient.DAG
	runs      []airflowclient.Run
	unread    map[dagspec.Kind]bool // kinds whose list of runs could not be read
	tasks     map[airflowclient.RunRef][]Task
	asked     map[airflowclient.RunRef]bool // runs whose tasks were asked for
	more      bool                          // tasks were left for the next picture
	reports   map[airflowclient.RunRef]published
	broken    []airflowclient.ImportError
	problems  []Problem
	requests  int
}

// clock is the server's: what its parts and workers report is dated by it, whatever the local clock says.
func (o observation) clock() time.Time { return o.at.Add(o.skew) }

// derive turns what was read into the picture; dags are those of assemble over the same observation.
// Both are pure functions, and the order in which things were read makes no difference.
func derive(o observation, dags []DAG) Snapshot {
	s := Snapshot{
		At: o.at, Read: o.read, Due: o.due, Server: serverOf(o), Requests: o.requests, DAGs: dags, Intent: o.intent,
		Problems: slices.Compact(slices.SortedFunc(slices.Values(o.problems), func(a, b Problem) int { return strings.Compare(a.Text, b.Text) })),
	}
	for i := range dags {
		if o.isForeign(&dags[i]) {
			dags[i].Health = Worst(dags[i].Health, Unknown) // whatever its runs came to, they say nothing of ours
		}
	}
	for _, e := range o.broken {
		s.Broken = append(s.Broken, brokenFileOf(e, o.dags))
	}
	slices.SortFunc(s.Broken, func(a, b BrokenFile) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Trace, b.Trace), a.At.Compare(b.At))
	})
	s.Streams, s.Joins = reportsOf(s.DAGs, o.reports, o.clock())
	jobs := jobsOfAll(o, s.DAGs)
	s.Outputs, s.Work = freshness(o, s.DAGs, jobs)
	withUploads(s.Streams, s.Outputs)
	s.Calendars = calendarsOf(o, s.DAGs, jobs, s.Outputs)
	s.Teams = teamsOf(s.DAGs, s.Streams, s.Joins)
	s.Deviations = deviationsOf(o, s.DAGs)
	return s
}

// assemble joins the list of DAGs with their runs and tasks, by id.
func assemble(o observation) []DAG {
	runs := runsByDAG(o.runs)
	dags := make([]DAG, 0, len(o.dags))
	for _, listed := range o.dags {
		d := dagOf(listed, o.names)
		d.Runs = make([]Run, len(runs[d.ID]))
		for i, r := range runs[d.ID] {
			tasks, known := o.tasks[r.Ref()]
			d.Runs[i] = runOf(r, tasks, readingOf(known, o.asked[r.Ref()]))
		}
		isItsFile := func(e airflowclient.ImportError) bool { return sameFile(listed.FileLoc, e.File) }
		d.Broken = d.Broken || slices.ContainsFunc(o.broken, isItsFile)
		d.Health = dagHealth(&d, !o.unread[d.Kind])
		dags = append(dags, d)
	}
	slices.SortFunc(dags, func(a, b DAG) int { return strings.Compare(a.ID, b.ID) })
	return dags
}

// reportsOf reads what streaming and comparison DAGs published. A DAG whose report was not asked for, because none of its runs has ended, is
// there all the same.
func reportsOf(dags []DAG, reports map[airflowclient.RunRef]published, now time.Time) (streams []Stream, joins []Comparison) {
	for _, d := range dags {
		if _, reports := reportKey(d.Kind); !reports {
			continue
		}
		run, ended := reportRun(d.Runs)
		told, ok := reports[airflowclient.RunRef{DAGID: d.ID, RunID: run.ID}]
		if !ok {
			told.problem = "its report could not be read"
		}
		switch {
		case isStreaming(d.Kind) && ended:
			streams = append(streams, streamsOf(d, run, told, now)...)
		case isStreaming(d.Kind):
			streams = append(streams, streamsBefore(d)...)
		case d.Kind == dagspec.KindComparison && ended:
			joins = append(joins, comparisonOf(d, run, told, now))
		case d.Kind == dagspec.KindComparison:
			joins = append(joins, comparisonBefore(d))
		}
	}
	slices.SortStableFunc(streams, compareStreams)
	slices.SortStableFunc(joins, compareComparisons)
	return streams, joins
}

func readingOf(known, asked bool) reading {
	switch {
	case known:
		return wasRead
	case asked:
		return unreadable
	default:
		return notRead
	}
}

func hasEnded(r airflowclient.Run) bool {
	return r.State.Ended()
}

// runsByDAG groups runs, newest first.
func runsByDAG(runs []airflowclient.Run) map[string][]*airflowclient.Run {
	grouped := make(map[string][]*airflowclient.Run)
	for i := range runs {
		grouped[runs[i].DAGID] = append(grouped[runs[i].DAGID], &runs[i])
	}
	for _, group := range grouped {
		slices.SortFunc(group, func(a, b *airflowclient.Run) int { return compareRuns(*a, *b) })
	}
	return grouped
}

// serverOf is the head line. A part that the server does not run itself (null) says nothing.
func serverOf(o observation) Server {
	s := Server{Name: o.name, URL: o.url, Version: o.server.Version, Health: Unknown, Skew: o.skew}
	if o.health == nil {
		return s
	}
	s.Health = OK
	for _, c := range o.health.Components {
		switch c.Status {
		case "", "healthy":
			continue
		case "unhealthy":
			s.Health = Failed
		default:
			s.Health = Worst(s.Health, Unknown)
		}
		s.Parts = append(s.Parts, Component{c.Name, c.Status})
	}
	slices.SortFunc(s.Parts, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return s
}
