package fleet

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// Classes of failure of the runtime (dagspec/runtime/chronon_rt/joblog.py) that are more than words here.
const (
	classNotLanded  = "upstream_not_landed"
	classExitStatus = "exit_status"
)

var (
	// What JobLog.absence says of inputs: the tables, and the days that they lack.
	absentInputs = regexp.MustCompile(`upstream had not landed \((.*), missing (.*)\)`)
	// What presence.py says when it could not look: the partition is not what is the matter.
	lookedFor = regexp.MustCompile(`(could not be asked) about \S+: |ended with exit status \d+ for \S+ \(`)
	oneDay    = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)
)

// failure is why a task failed: for want of its input, for an error that others may share, or for what only its own words tell.
func (e *explainer) failure(d *DAG, r *Run, t Task) []*Cause {
	words, said := e.details.Words[t.Ref()]
	switch {
	case !said:
		if t.IsSensor() {
			return e.sensor(d, r, t)
		}
		return []*Cause{e.ownTask(d, r, t, "what it said was not read")}
	case words.Class == classNotLanded:
		if roots := e.absentInputs(words.Message, r); len(roots) > 0 {
			return roots
		}
	case t.IsSensor() && words.Line == "":
		return e.sensor(d, r, t) // it ran out of time
	}
	if words.text() == "" {
		return []*Cause{e.wordless(d, r, t, words)}
	}
	return []*Cause{e.error(d, r, t, words)}
}

// text is what the task said, in one line. An exit status alone says nothing that two tasks could share.
func (w Words) text() string {
	if w.Class != "" && w.Class != classExitStatus && w.Message != "" {
		return w.Message
	}
	return w.Line
}

// errorID tells an error from others: by what was said, without what differs from one time to the next.
func (e *explainer) errorID(w Words) string {
	return e.print(lookedFor.ReplaceAllString(w.text(), "$1: "))
}

// error is an error by its words.
func (e *explainer) error(d *DAG, r *Run, t Task, words Words) *Cause {
	kind := CauseError
	if denied.MatchString(words.text()) {
		kind = CausePermission
	}
	return e.cause(kind, e.errorID(words), func(c *Cause) {
		c.Title, c.Team, c.Owner = words.text(), d.Team, e.lineage.owner(d.ID)
		c.Known = "the last error of the log"
		if words.text() == words.Message {
			c.Known = "the outcome that the runtime published, of class " + words.Class
		}
		c.Ends = cmp.Or(words.Remedy, "mend what it names, then clear the tasks that failed")
		if kind == CausePermission {
			c.Ends = "give the jobs' user the permission that it names, then clear the tasks that failed"
		}
		c.Command = "chrononctl clear " + d.ID + " " + r.ID + " " + t.ID
	})
}

// wordless is a task that failed and said nothing that could be read.
func (e *explainer) wordless(d *DAG, r *Run, t Task, words Words) *Cause {
	if words.Denied {
		c := e.unread(Problem{Section: SectionWords, Denied: true, Text: "logs and XComs of tasks may not be read: not permitted"})
		c.Known = words.Problem
		return c
	}
	known := "it published no outcome, and its log names no error"
	switch {
	case words.Problem != "":
		known = words.Problem
	case words.Class == classExitStatus:
		known = words.Message + ", and its log names no error"
	}
	return e.ownTask(d, r, t, known)
}

// absentInputs follows the inputs that a job did not find. Of several tables the log does not tell which lacks the days: those of which something
// is known to be the matter are taken, else all of them together.
func (e *explainer) absentInputs(message string, r *Run) []*Cause {
	m := absentInputs.FindStringSubmatch(message)
	if m == nil {
		return nil
	}
	tables := strings.FieldsFunc(m[1], func(c rune) bool { return c == ',' || c == ' ' || c == '[' || c == ']' })
	days := oneDay.FindAllString(m[2], -1)
	if len(tables) == 0 {
		return nil
	}
	day := r.Day
	if len(days) > 0 {
		day = slices.Max(days)
	}
	var known []*Cause
	for _, table := range tables {
		writer, ok := e.lineage.writerOf(table)
		ran, err := dagspec.ParseDate(day)
		if !ok || err != nil {
			continue
		}
		job := e.lineage.job(writer)
		for _, c := range e.unwritten(table+"/ds="+day, writer, ran.AddDays(job.Lag).String(), true) {
			if c.Kind != CausePartition {
				known = append(known, c)
			}
		}
	}
	if len(known) > 0 {
		return unique(known)
	}
	name := strings.Join(tables, " or ") + "/ds=" + day
	c := e.partition(name)
	if c.Known == "" {
		c.Known = "jobs that read it found the day missing"
		c.Ends = "it lands; then clear the tasks that failed for want of it"
	}
	return []*Cause{c}
}
