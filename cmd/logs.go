package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/term"
)

// logOptions say which log is printed, and what of it.
type logOptions struct {
	output   outputFlag
	run, day string
	try      int
	follow   bool
	grep     string
	last     int
	interval time.Duration

	pattern *regexp.Regexp
}

func newLogsCmd(a *app) *cobra.Command {
	var opts logOptions
	cmd := &cobra.Command{
		Use:   "logs DAG TASK",
		Short: "Print the log of a task",
		Long: "Prints the log of a task's newest try in the newest run; --run, --day and --try choose others. TASK[3] is instance 3 of a mapped task.\n" +
			"--follow goes on until the task has ended, over its next tries too.\n\n" +
			"A log is text from elsewhere: on a terminal what could move the cursor or hide text is made visible. On a pipe it is printed as it is.",
		Example: "  chrononctl logs chronon_batch_dag_core upload__users__v1 --follow\n  chrononctl logs chronon_batch_dag_core upload__users__v1 --day 2026-11-21 --grep 'ERROR|Exception'",
		Args:    words("logs: name a DAG and one of its tasks", 2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.check(a); err != nil {
				return err
			}
			return a.runLogs(cmd.Context(), args[0], args[1], opts)
		},
	}
	opts.output.add(cmd, formatText, formatJSONL)
	flags := cmd.Flags()
	flags.StringVar(&opts.run, "run", "", "id of the run (default: the newest)")
	flags.StringVar(&opts.day, "day", "", "the newest run for this day, YYYY-MM-DD")
	flags.IntVar(&opts.try, "try", 0, "number of the try (default: the newest)")
	flags.BoolVarP(&opts.follow, "follow", "f", false, "go on until the task has ended")
	flags.StringVar(&opts.grep, "grep", "", "only lines that match this regular expression (RE2)")
	flags.IntVar(&opts.last, "tail", 0, "only so many of the last lines; 0: all")
	flags.DurationVar(&opts.interval, "interval", 2*time.Second, "time between two looks of --follow")
	return cmd
}

func (o *logOptions) check(a *app) error {
	if err := o.output.check(a); err != nil {
		return err
	}
	switch {
	case o.run != "" && o.day != "":
		return usage(errors.New("--run and --day do not go together: a day names its newest run"))
	case o.try < 0:
		return usage(fmt.Errorf("--try %d: tries count from 1", o.try))
	case o.last < 0:
		return usage(fmt.Errorf("--tail %d: must be 0 or more", o.last))
	case o.follow && o.last > 0:
		return usage(errors.New("--follow and --tail do not go together: a log that grows has no last lines"))
	case o.follow && o.interval < time.Second:
		return usage(fmt.Errorf("--interval %s: must be a second at least", o.interval))
	}
	if o.day != "" {
		if _, err := dagspec.ParseDate(o.day); err != nil {
			return usage(fmt.Errorf("--day: %w", err))
		}
	}
	var err error
	if o.pattern, err = regexp.Compile(o.grep); err != nil {
		return usage(fmt.Errorf("--grep: %w", err))
	}
	return nil
}

func (a *app) runLogs(ctx context.Context, dagID, taskID string, opts logOptions) error {
	client, err := a.knowing(ctx, dagID)
	if err != nil {
		return err
	}
	run, older, err := a.findRun(ctx, client, dagID, cmp.Or(opts.run, opts.day))
	if err != nil {
		return err
	}
	for _, note := range olderRuns(run, older) {
		a.warn(note)
	}
	ref, err := a.findTask(ctx, client, run, taskID)
	if err != nil {
		return err
	}
	reader := logReader{app: a, client: client, opts: opts}
	return reader.print(ctx, ref)
}

// mappedTask is a task with the index of one of its instances.
var mappedTask = regexp.MustCompile(`^(.+)\[(\d+)\]$`)

// findTask finds the instance of a task in a run, by its id or by its id with an index.
func (a *app) findTask(ctx context.Context, client *airflowclient.Client, run airflowclient.Run, wanted string) (airflowclient.InstanceRef, error) {
	id, index := wanted, -1
	if parts := mappedTask.FindStringSubmatch(wanted); parts != nil {
		if n, err := strconv.Atoi(parts[2]); err == nil {
			id, index = parts[1], n
		}
	}
	instances, err := client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: run.DAGID, RunID: run.ID}}})
	if err != nil {
		return airflowclient.InstanceRef{}, err
	}
	var known []string
	for _, ti := range instances {
		if ti.TaskID == id && ti.MapIndex == index {
			return ti.Ref(), nil
		}
		label := ti.TaskID
		if ti.MapIndex >= 0 {
			label = fmt.Sprintf("%s[%d]", ti.TaskID, ti.MapIndex)
		}
		known = append(known, label)
	}
	message := fmt.Sprintf("run %s of %s has no task %s", run.ID, run.DAGID, wanted)
	return airflowclient.InstanceRef{}, exit(ExitNotFound, unknownName(message, "this run has no tasks yet", wanted, slices.Compact(known)))
}

// logReader prints the log of one task instance.
type logReader struct {
	app    *app
	client *airflowclient.Client
	opts   logOptions
	ring   []airflowclient.LogLine // with --tail: the last lines
}

// print prints one try, or with --follow the newest one and those after it until the task has ended.
func (r *logReader) print(ctx context.Context, ref airflowclient.InstanceRef) error {
	for last := 0; ; {
		ti, err := r.client.TaskInstance(ctx, ref)
		if err != nil {
			return err
		}
		try, ended := cmp.Or(r.opts.try, ti.Try), hasEnded(ti.State)
		begun := try > 0 && try <= ti.Try
		if !begun && !r.opts.follow {
			return r.nothing(ti, try)
		}
		if begun && try != last {
			if last != 0 {
				r.app.say(fmt.Sprintf("try %d", try))
			}
			if err := r.printTry(ctx, ti, try); err != nil {
				return err
			}
			last = try
			continue // what the task is now, not what it was before its log was read
		}
		if !r.opts.follow || ended || r.opts.try > 0 && begun {
			return nil
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}

// nothing says that there is no log, and why.
func (r *logReader) nothing(ti airflowclient.TaskInstance, try int) error {
	if r.opts.try > ti.Try {
		return exit(ExitNotFound, fmt.Errorf("%s was tried %d times, there is no try %d", ti.TaskID, ti.Try, try))
	}
	state := cmp.Or(string(ti.State), "not looked at yet")
	return exit(ExitNotFound, fmt.Errorf("%s has no log: it was never tried (%s)", ti.TaskID, state))
}

// printTry prints one try, up to its end with --follow.
func (r *logReader) printTry(ctx context.Context, ti airflowclient.TaskInstance, try int) error {
	ref := ti.Log()
	ref.Try = try
	over := func(ti airflowclient.TaskInstance) bool {
		return hasEnded(ti.State) || ti.Try > try || ti.State == airflowclient.StateUpForRetry
	}
	finished := over(ti)
	tail := r.client.Tail(ref, finished)
	for {
		if _, err := tail.Read(ctx, r.take); err != nil {
			return err
		}
		if !r.opts.follow || finished {
			break
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
		now, err := r.client.TaskInstance(ctx, ti.Ref())
		if err != nil {
			return err
		}
		finished = over(now) // and one last reading
	}
	r.flush()
	if absent := tail.Absent(); absent != "" {
		r.app.warn("there is no log: " + absent)
	}
	return nil
}

// pause waits for the next look.
func (r *logReader) pause(ctx context.Context) error {
	timer := time.NewTimer(r.opts.interval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// hasEnded says whether a task in this state does nothing more.
func hasEnded(s airflowclient.State) bool {
	switch s {
	case airflowclient.StateSuccess, airflowclient.StateFailed, airflowclient.StateSkipped, airflowclient.StateUpstreamFailed, airflowclient.StateRemoved:
		return true
	default:
		return false
	}
}

// take takes a line of the log. A line that was not complete when it was printed has been printed as far as it came: what is added follows as a
// line of its own.
func (r *logReader) take(line airflowclient.TailLine) {
	switch {
	case line.Source || !r.opts.pattern.MatchString(line.Text):
	case r.opts.last == 0:
		r.line(line.LogLine)
	case line.Replaces && len(r.ring) > 0:
		r.ring[len(r.ring)-1] = line.LogLine
	default:
		if r.ring = append(r.ring, line.LogLine); len(r.ring) >= 2*r.opts.last {
			r.ring = append(r.ring[:0], r.ring[len(r.ring)-r.opts.last:]...)
		}
	}
}

// flush prints the last lines that were kept.
func (r *logReader) flush() {
	for _, line := range r.ring[max(len(r.ring)-r.opts.last, 0):] {
		r.line(line)
	}
	r.ring = nil
}

// logJSON is a line of a log. Its keys are a promise.
type logJSON struct {
	Time  string `json:"time"`
	Level string `json:"level"`
	Text  string `json:"text"`
}

func (r *logReader) line(line airflowclient.LogLine) {
	at := stamp(line.Time)
	if r.opts.output.value == formatJSONL {
		r.app.writeLine(logJSON{at, line.Level, line.Text})
		return
	}
	text := line.Text
	if r.app.Streams.OutTerminal {
		text = term.Clean(text)
	}
	var parts []string
	for _, part := range []string{at, strings.ToUpper(line.Level), text} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	fmt.Fprintln(r.app.Streams.Out, strings.Join(parts, " "))
}

// say tells on stderr how it goes on.
func (a *app) say(text string) { fmt.Fprintf(a.Streams.Err, "chrononctl: %s\n", term.Clean(text)) }
