// Package joblog reads what the output of a Chronon job says: the ranges that it has to fill, the one it is at, what it wrote, and, when
// the job failed, of which class the failure is and what would mend it.
//
// The rules are those by which the runtime judges the same output on the worker (dagspec/runtime/chronon_rt/joblog.py), so that the console
// and a task's report use the same words. As there, nothing is judged while reading: a healthy log is full of alarming lines, and only
// whoever knows that the task failed may ask [Facts.Failure].
//
// A log may have a million lines. A line is looked at for a few fixed texts first, and matched only where one of them is there.
package joblog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Failure is why a job failed: a class to count by, the line that says so, and what to do.
type Failure struct {
	Class   string
	Message string
	Remedy  string // empty: the message has to do
}

// Write is a table that the job wrote to.
type Write struct {
	Table    string
	Rows     int64 // that were to be written, -1 when the log does not say
	Finished bool
}

// Facts are what the lines so far say.
type Facts struct {
	Unfilled  string   // ranges to fill, "2026-11-16...2026-11-19", as of the last computation
	Ranges    []string // that were begun, in order
	Step      int      // of Steps, the one that was begun last; 0: none
	Steps     int
	Pace      time.Duration // between the beginnings of two steps, on average; 0: not known
	StepBegan time.Time     // zero: the lines have no times
	Writes    []Write       // by the order of their first line
	Nothing   string        // why there was nothing to do, in the job's words
	Missing   string        // input partitions that were missing where nothing could be filled
	Failed    Failure       // the most telling failure that a line speaks of; it means something only when the job failed
	Landed    []string      // partitions that the runtime saw after the job
}

// Failure is why the job failed, for a task that did. ok is false when no line says why.
func (f Facts) Failure() (failure Failure, ok bool) { return f.Failed, f.Failed.Class != "" }

// Remaining estimates how long the steps that are left will take, the current one included; ok is false before one step is done.
func (f Facts) Remaining(now time.Time) (left time.Duration, ok bool) {
	if f.Pace <= 0 || f.Steps <= 0 || f.StepBegan.IsZero() {
		return 0, false
	}
	left = time.Duration(f.Steps-f.Step+1)*f.Pace - now.Sub(f.StepBegan)
	return max(0, left), true
}

// Reader takes a job's lines one by one. The zero value has read none.
type Reader struct {
	facts   Facts
	best    int // index of the rule that matched, +1
	first   time.Time
	begun   int // step at first
	missing string
}

// The lines that are of interest, as Chronon's Scala code prints them (see joblog.py for each).
var (
	computing = regexp.MustCompile(`Computing (?:join|group by|staging query|label join) for range: \[([\d-]+\.\.\.[\d-]+)\]|Computing range \[\d+/\d+\]: \[?([\d-]+\.\.\.[\d-]+)`)
	step      = regexp.MustCompile(`\[(\d+)/(\d+)\]`)
	nothing   = regexp.MustCompile(`There is no data to compute based on end partition of|Nothing to backfill for|No unfilled range for|seems to be caught up|` +
		`No data to compute for|samplePercent is unset for|Exit ConsistencyJob because`)
	requested = regexp.MustCompile(`\b(\d+) rows requested to be written into table (\S+)`)
	finished  = regexp.MustCompile(`Finished writing to (\S+)`)
	landed    = regexp.MustCompile(`(\S+/\S+=\S+) landed$`)
)

// nothingHints are texts of which one is in every line that nothing matches.
var nothingHints = []string{"no data to compute", "Nothing to backfill", "No unfilled", "caught up", "No data to compute", "samplePercent is unset", "Exit ConsistencyJob"}

// longest is how many bytes of a message are kept.
const longest = 400

// Feed takes a line. The time is when it was written, as far as is known.
func (r *Reader) Feed(at time.Time, line string) {
	line = strings.TrimRight(line, " \r\n")
	if line == "" {
		return
	}
	if at.IsZero() {
		at = stamp(line)
	}
	r.block(line)
	switch {
	case strings.Contains(line, "Computing ") && strings.Contains(line, " range"):
		r.computes(at, line)
	case strings.Contains(line, " written into table "), strings.Contains(line, "Finished writing to "):
		r.write(line)
	case strings.HasSuffix(line, " landed"):
		if m := landed.FindStringSubmatch(line); m != nil {
			r.facts.Landed = append(r.facts.Landed, m[1])
		}
	case holdsOne(line, nothingHints) && nothing.MatchString(line):
		_, said, cut := strings.Cut(line, " - ")
		if !cut {
			said = line
		}
		r.facts.Nothing = short(strings.TrimSpace(said))
	}
	r.failure(line)
}

// Facts returns what the lines so far say.
func (r *Reader) Facts() Facts {
	f := r.facts
	f.Ranges, f.Writes, f.Landed = slices.Clone(f.Ranges), slices.Clone(f.Writes), slices.Clone(f.Landed)
	return f
}

// block follows what TableUtils prints before each computation ("Unfilled range computation:").
func (r *Reader) block(line string) {
	rest, ok := strings.CutPrefix(line, "   ")
	if !ok {
		return
	}
	switch name, value, _ := strings.Cut(rest, ":"); name {
	case "Output table":
		r.missing = ""
	case "Missing input partitions":
		r.missing = strings.Trim(value, " []")
	case "Unfilled ranges":
		r.facts.Unfilled = strings.Trim(value, " []")
		if r.facts.Missing = ""; r.facts.Unfilled == "" {
			r.facts.Missing = short(r.missing)
		}
	}
}

// computes notes the range that is computed now, which of how many it is, and how fast they go.
func (r *Reader) computes(at time.Time, line string) {
	m := computing.FindStringSubmatch(line)
	if m == nil {
		return
	}
	if days := m[1] + m[2]; !slices.Contains(r.facts.Ranges, days) {
		r.facts.Ranges = append(r.facts.Ranges, days)
	}
	s := step.FindStringSubmatch(line)
	if s == nil {
		return
	}
	i, n := number(s[1]), number(s[2])
	f := &r.facts
	if n != f.Steps || i < f.Step { // another computation
		r.first, r.begun, f.Pace = at, i, 0
	}
	f.Step, f.Steps, f.StepBegan = i, n, at
	if done := i - r.begun; done > 0 && !at.IsZero() && !r.first.IsZero() {
		f.Pace = at.Sub(r.first) / time.Duration(done)
	}
}

func (r *Reader) write(line string) {
	if m := requested.FindStringSubmatch(line); m != nil {
		rows, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			rows = -1
		}
		w := r.writeTo(m[2])
		w.Rows, w.Finished = max(0, w.Rows)+rows, false
	} else if m := finished.FindStringSubmatch(line); m != nil {
		r.writeTo(m[1]).Finished = true
	}
}

func (r *Reader) writeTo(table string) *Write {
	for i := range r.facts.Writes {
		if r.facts.Writes[i].Table == table {
			return &r.facts.Writes[i]
		}
	}
	r.facts.Writes = append(r.facts.Writes, Write{Table: table, Rows: -1})
	return &r.facts.Writes[len(r.facts.Writes)-1]
}

// verdict is how the task says why it failed (dagspec/runtime/chronon_rt/job.py): with a class and a remedy where its job is to blame, without them
// where it could not run its job. Airflow writes it at the end of the trace.
var verdict = regexp.MustCompile(`^(?:airflow\.[\w.]+\.)?Airflow(?:Fail)?Exception: (?:(\w+): (.+)\. What to do: (.+)|(.+))$`)

// failure keeps what the task itself said, or else the first line of the most telling rule.
func (r *Reader) failure(line string) {
	if strings.Contains(line, "Exception: ") && strings.Contains(line, "irflow") {
		if m := verdict.FindStringSubmatch(line); m != nil {
			r.best, r.facts.Failed = 1, Failure{m[1], short(m[2] + m[4]), m[3]}
			if m[1] == "" {
				r.facts.Failed.Class = "task"
			}
			return
		}
	}
	for i := range rules {
		if r.best > 0 && i+1 >= r.best {
			return
		}
		if rules[i].matches(line) {
			r.best = i + 1
			r.facts.Failed = Failure{rules[i].class, short(strings.TrimSpace(line)), rules[i].remedy}
			return
		}
	}
}

// stamp reads the time that Chronon's own lines begin with, "[2026-11-23 03:06:27] {Join} 610 - ", in the time zone of the worker, which is
// good enough for differences.
func stamp(line string) time.Time {
	const layout = "2006-01-02 15:04:05"
	if len(line) < len(layout)+2 || line[0] != '[' || line[len(layout)+1] != ']' {
		return time.Time{}
	}
	at, err := time.Parse(layout, line[1:len(layout)+1])
	if err != nil {
		return time.Time{}
	}
	return at
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
