package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Finding is one thing that a person should know of, by name. Findings are the same facts as the cells of a team, one line each;
// what explains several of them at once is not looked for here.
type Finding struct {
	Health  Health
	Team    string
	Subject string // what it is: a task, a stream, a feature, a file
	Detail  string // what is the matter with it, in words
	DAGID   string // where to look; empty for what belongs to no DAG
	RunID   string
	TaskID  string
}

// Findings lists what needs a person or cannot be told, worst first: parts of the server, files that do not import, failed tasks, DAGs that a
// release has and Airflow has not, streams that are not simply alive, features beyond their budget, comparisons that measured nothing, DAGs and parts of the picture that could not be read.
func (s Snapshot) Findings() []Finding {
	var found []Finding
	for _, part := range s.Server.Parts {
		found = append(found, Finding{Health: s.Server.Health, Subject: "airflow", Detail: part.String()})
	}
	for _, b := range s.Broken {
		if b.Ours {
			found = append(found, Finding{Health: Failed, Subject: b.File, Detail: "does not import: " + lastLine(b.Trace)})
		}
	}
	for i := range s.DAGs {
		found = append(found, dagFindings(&s.DAGs[i])...)
	}
	found = append(found, unseenFindings(s.Deviations)...)
	for _, dev := range s.Deviations {
		if dev.Health == Failed {
			found = append(found, Finding{Health: Failed, Team: dev.Team, Subject: dev.DAGID, Detail: dev.Kind.String() + ": " + dev.Reason, DAGID: dev.DAGID})
		}
	}
	for _, stream := range s.Streams {
		if stream.Health > OK {
			found = append(found, Finding{
				Health: stream.Health, Team: stream.Team, Subject: stream.GroupBy, Detail: stream.Sentence(s.Clock()), DAGID: stream.DAGID,
			})
		}
	}
	for _, c := range s.Joins {
		found = append(found, comparisonFindings(c)...)
	}
	for _, p := range s.Problems {
		found = append(found, Finding{Health: Unknown, Subject: "not read", Detail: p.Text})
	}
	slices.SortStableFunc(found, compareFindings)
	return found
}

// unseenFindings are the DAGs that cannot be seen, one line for all of a kind: they are so for one reason.
func unseenFindings(deviations []Deviation) []Finding {
	var found []Finding
	for _, kind := range []DeviationKind{DAGHidden, DAGUnseen} {
		of := filter(deviations, func(d Deviation) bool { return d.Kind == kind })
		if len(of) == 0 {
			continue
		}
		detail := "cannot be read with the user of this context"
		if kind == DAGUnseen {
			detail = "is not listed, and it is not known whether it is missing or hidden from the user of this context"
		}
		found = append(found, Finding{Health: Unknown, Subject: of[0].DAGID, Detail: detail + ", as " + plural(len(of), "DAG") + " of the releases"})
	}
	return found
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		int(b.Health)-int(a.Health), strings.Compare(a.Team, b.Team), strings.Compare(a.Subject, b.Subject), strings.Compare(a.Detail, b.Detail),
		strings.Compare(a.RunID, b.RunID),
	)
}

// dagFindings names the tasks that failed or are in a state nobody knows; where a run is bad and no task says why, the run; and the DAG itself
// when its file or its runs are the trouble.
func dagFindings(d *DAG) []Finding {
	var found []Finding
	add := func(h Health, subject, detail, run, task string) {
		found = append(found, Finding{Health: h, Team: d.Team, Subject: subject, Detail: detail, DAGID: d.ID, RunID: run, TaskID: task})
	}
	for r := range standing(d) {
		if r.Health != Failed && r.Health != Unknown {
			continue
		}
		named := false
		for _, t := range r.Tasks {
			if t.State == stateFailed || t.Health == Unknown {
				named = true
				add(t.Health, d.ID+" "+t.ID, fmt.Sprintf("%s for %s, try %d", t.State, dayOf(*r), t.Try), r.ID, t.ID)
			}
		}
		if !named {
			add(r.Health, d.ID, fmt.Sprintf("the run for %s is %s", dayOf(*r), runWords(*r)), r.ID, "")
		}
	}
	switch {
	case d.Broken:
		add(Failed, d.ID, "its file does not import", "", "")
	case d.Stale:
		add(Unknown, d.ID, "Airflow does not find it in a file any more", "", "")
	case d.Health == Unknown && len(found) == 0:
		add(Unknown, d.ID, "its runs could not be read", "", "")
	}
	return found
}

func dayOf(r Run) string { return cmp.Or(r.Day, r.ID) }

func runWords(r Run) string {
	switch {
	case r.State == stateFailed:
		return "failed"
	case r.Counts()[Failed] > 0:
		return r.State + ", with a task that did not do its work"
	case r.Tasks == nil:
		return r.State + ", and its tasks could not be read"
	default:
		return "in the state " + r.State
	}
}

// Sentence says in words how the stream is: how often it was restarted, its state, and the reason that the runtime gave.
func (s Stream) Sentence(now time.Time) string {
	var parts []string
	if s.Restarts > 0 {
		parts = append(parts, plural(s.Restarts, "restart")+" in 24 h")
	}
	state := strings.ReplaceAll(cmp.Or(s.State, s.Health.Word()), "_", " ")
	if !s.Since.IsZero() && now.After(s.Since) {
		state += " since " + s.Since.UTC().Format("2006-01-02 15:04 UTC")
	}
	parts = append(parts, state)
	if s.Reason != "" {
		parts = append(parts, s.Reason)
	}
	return strings.Join(parts, "; ")
}

func comparisonFindings(c Comparison) []Finding {
	var found []Finding
	add := func(subject, detail string) {
		found = append(found, Finding{Health: c.Health, Team: c.Team, Subject: subject, Detail: detail, DAGID: c.DAGID})
	}
	switch c.Health {
	case Breach:
		named := 0
		for _, f := range c.Features {
			if f.Over {
				named++
				add(c.Join+" "+f.Name, f.Sentence()+" on "+c.Day)
			}
		}
		if more := c.Over - named; more > 0 {
			add(c.Join, fmt.Sprintf("%s more of %d over budget on %s", plural(more, "feature"), c.Total, c.Day))
		}
	case Unmeasured, Unknown:
		add(c.Join, strings.TrimSuffix("consistency "+c.Health.Word()+": "+c.Reason, ": "))
	default:
	}
	return found
}

// Sentence tells the rates of a feature that were measured.
func (f Feature) Sentence() string {
	var parts []string
	for _, rate := range []struct {
		what  string
		value *float64
	}{{"mismatch", f.Mismatch}, {"missing online", f.Missing}} {
		if rate.value != nil {
			parts = append(parts, fmt.Sprintf("%s %.2f %%", rate.what, *rate.value*100))
		}
	}
	if f.SMAPE != nil {
		parts = append(parts, fmt.Sprintf("SMAPE %.3f", *f.SMAPE))
	}
	if len(parts) == 0 {
		return "over budget"
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lastLine is the line of a Python trace that says what happened.
func lastLine(trace string) string {
	lines := strings.Split(strings.TrimSpace(trace), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
