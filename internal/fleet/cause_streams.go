package fleet

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/dagspec"
)

// explainStreams explains the streams that are not simply alive.
func (e *explainer) explainStreams() {
	for i := range e.s.Streams {
		stream := &e.s.Streams[i]
		if stream.Health <= OK {
			continue
		}
		attach(e.stream(stream), Effect{
			Health: stream.Health, Team: stream.Team, DAGID: stream.DAGID, MapIndex: -1, Stream: stream.GroupBy, Conf: stream.GroupBy, Since: stream.Since,
		})
	}
}

// streamTask follows a task of a streaming DAG to the stream that it looks after, and the summary to all of them.
func (e *explainer) streamTask(d *DAG, t Task) []*Cause {
	if t.Health != Failed {
		return nil
	}
	if t.ID != dagspec.SummaryTask {
		groupBy, ok := confFromTask(d.Team, t.ID, "keep_alive")
		if stream := e.streams[TaskRef{d.ID, groupBy}]; ok && stream != nil && stream.Health > Running {
			return e.stream(stream)
		}
		return nil
	}
	var roots []*Cause
	for i := range e.s.Streams {
		if s := &e.s.Streams[i]; s.DAGID == d.ID && (s.Health >= Unknown || s.Health == Waiting) {
			roots = append(roots, e.stream(s)...)
		}
	}
	return unique(roots)
}

// stream is why a stream is not simply alive.
func (e *explainer) stream(s *Stream) []*Cause {
	if d := e.dags[s.DAGID]; s.Health == Paused && d != nil {
		return []*Cause{e.paused(d)}
	}
	switch s.Why {
	case WhyNoUpload:
		if roots := e.notStarted(s); len(roots) > 0 {
			return roots
		}
	case WhyListFailed:
		return []*Cause{e.unlisted(s)}
	case WhyOldReport:
		if e.stopped {
			return []*Cause{e.airflow(componentScheduler)}
		}
		return []*Cause{e.unreported(s)}
	case WhyNoReport, WhyNoTick, WhySomethingElse:
		if s.Health == Unknown {
			return []*Cause{e.unreported(s)}
		}
	case WhyNothing, WhyNeverStarted, WhyTwoRunning, WhyRestartsUsed, WhyStartFailed, WhyPaused:
	}
	return []*Cause{e.cause(CauseStream, s.GroupBy+" of "+s.DAGID, func(c *Cause) {
		c.Title, c.Team, c.Owner = s.GroupBy+": "+s.Sentence(e.s.Clock()), s.Team, e.lineage.owner(s.DAGID)
		c.Known = "the report of its keep-alive task"
		c.Ends, c.Command = streamRemedy(s)
	})}
}

// unlisted is that the running applications could not be listed, which is so for all streams alike.
func (e *explainer) unlisted(s *Stream) *Cause {
	return e.cause(CauseStream, "list "+e.print(s.Reason), func(c *Cause) {
		c.Title = s.Reason
		c.Known = "the reports of the keep-alive tasks"
		c.Ends = "make the list_apps command of the project work on the workers; the next tick reports again"
	})
}

// unreported is that a DAG tells nothing of its streams, or nothing that can be understood: the same for all of them.
func (e *explainer) unreported(s *Stream) *Cause {
	said := e.print(s.Reason)
	if s.Why == WhyOldReport {
		said = "old" // whatever each stream's was
	}
	return e.cause(CauseStream, "report "+said+" of "+s.DAGID, func(c *Cause) {
		c.Title, c.Team, c.Owner = s.DAGID+": "+cmp.Or(s.Reason, "it says nothing of "+s.GroupBy), s.Team, e.lineage.owner(s.DAGID)
		c.Known = "what " + s.DAGID + " published last"
		c.Ends = "its next tick reports; read the log of its summary if it does not"
		c.Command = "chrononctl logs " + s.DAGID + " " + dagspec.SummaryTask
	})
}

// streamRemedy is what helps a stream in that state.
func streamRemedy(s *Stream) (ends, command string) {
	switch s.State {
	case "duplicate":
		ends, command = "kill all applications of this name; the next tick starts one", "yarn application -kill "+cmp.Or(s.App, "APPLICATION")
	case "flapping":
		ends = "find out why the application dies; when its restarts of 24 hours are over, the next tick starts it again"
	case "down":
		ends = "mend what the log of its keep-alive task says; the next tick starts it again"
	case "restarted", "alive":
		ends = "24 hours without a restart; the application's own log says why it died"
	case "not_started":
		ends = "its first upload and KV load end well; the next tick starts it"
	default:
		ends = "the next report of its keep-alive task"
	}
	return ends, command
}

// notStarted follows a stream that waits for its first upload to the job that writes it.
func (e *explainer) notStarted(s *Stream) []*Cause {
	if s.Awaits == "" {
		return nil
	}
	writer, ok := e.lineage.writerOf(s.Awaits)
	if !ok {
		c := e.partition(s.Awaits)
		c.Team, c.Owner = cmp.Or(c.Team, s.Team), cmp.Or(c.Owner, e.lineage.owner(s.DAGID))
		c.Known, c.Ends = "the report of the keep-alive task of "+s.GroupBy, "the first upload of its GroupBy ends well"
		return []*Cause{c}
	}
	return e.unwritten(s.Awaits, writer, "", false)
}

// explainComparisons explains features beyond their budget, and comparisons that tell nothing.
func (e *explainer) explainComparisons() {
	for _, c := range e.s.Joins {
		attach(e.comparisonRoots(c), Effect{Health: c.Health, Team: c.Team, DAGID: c.DAGID, MapIndex: -1, Join: c.Join, Conf: c.Join, Day: c.Day})
	}
}

// comparisonRoots is why a comparison is not well; none when it is, or has not been made yet.
func (e *explainer) comparisonRoots(c Comparison) []*Cause {
	if c.Health < Unmeasured || c.Health == Restarted {
		return nil
	}
	untold := c.Health == Unknown || c.Health == Unmeasured && c.Why == UnmeasuredJobFailed
	if roots := e.failuresOf(c.DAGID); untold && len(roots) > 0 {
		return roots
	}
	return []*Cause{e.comparison(c)}
}

// summaryRoots are the causes of what the summary of a comparison sums up, where any of it failed: then it fails too, and says nothing else. nil: it
// is no such summary.
func (e *explainer) summaryRoots(d *DAG, r *Run, t Task) []*Cause {
	if t.ID != dagspec.SummaryTask || t.State != stateFailed || d.Kind != dagspec.KindComparison {
		return nil
	}
	var roots []*Cause
	for _, other := range r.Tasks {
		if other.ID != t.ID && other.Health == Failed {
			roots = append(roots, e.rootsOf(d, r, other)...)
		}
	}
	return roots
}

// failuresOf are the causes of what failed in a DAG.
func (e *explainer) failuresOf(dag string) []*Cause {
	d := e.dags[dag]
	if d == nil {
		return nil
	}
	var roots []*Cause
	for _, r := range e.stands[dag] {
		for _, t := range r.Tasks {
			if t.Health == Failed {
				roots = append(roots, e.rootsOf(d, r, t)...)
			}
		}
	}
	return unique(roots)
}

// comparison is the result of one join.
func (e *explainer) comparison(j Comparison) *Cause {
	return e.cause(CauseFeature, j.Join+" of "+j.DAGID, func(c *Cause) {
		c.Team, c.Owner = j.Team, e.lineage.owner(j.DAGID)
		c.Known = "the report of its comparison for " + cmp.Or(j.Day, "an unknown day")
		switch j.Health {
		case Breach:
			c.Title = fmt.Sprintf("%s: %s over budget: %s", j.Join, ofTotal(j.Over, j.Total), worstFeatures(j))
			c.Ends = "serve and compute the same values again: compare how both sides make the feature, and how late its stream and its uploads are"
		case Unmeasured:
			c.Title = strings.TrimSuffix(j.Join+": not measured: "+j.Reason, ": ")
			c.Ends = "enough requests of the day are logged and can be matched"
		default:
			c.Title = strings.TrimSuffix(j.Join+": its consistency is unknown: "+j.Reason, ": ")
			c.Ends = "its next comparison reports a result"
		}
	})
}

func ofTotal(n, total int) string {
	if total == 0 {
		return plural(n, "feature")
	}
	return fmt.Sprintf("%d of %s", n, plural(total, "feature"))
}

// shownFeatures is how many features a title names.
const shownFeatures = 3

func worstFeatures(j Comparison) string {
	var names []string
	for _, f := range j.Features {
		if f.Over && len(names) < shownFeatures {
			names = append(names, f.Name+" ("+f.Sentence()+")")
		}
	}
	if more := j.Over - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
