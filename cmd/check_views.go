package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
)

// tally is what a check counts while it looks at a picture, worst first.
type tally struct {
	critical, warning, unknown []string // a sentence for each thing
}

// verdict is the answer about so many things: failures outrank warnings, and warnings what could not be found out. Nothing to look at is not well.
func (t tally) verdict(n int, noun, more string, problems []string, figures ...perf) verdict {
	well := counted(n, noun) + more
	if n == 0 && len(problems) == 0 {
		t.unknown = append(t.unknown, "there is no "+noun+" to check")
	}
	for _, p := range problems {
		t.unknown = append(t.unknown, "not read: "+p)
	}
	v := verdict{code: ExitDone, summary: well, perf: figures}
	switch {
	case len(t.critical) > 0:
		v.code = exitCheckCrit
	case len(t.warning) > 0:
		v.code = exitCheckWarning
	case len(t.unknown) > 0:
		v.code = exitCheckUnknown
	}
	all := slices.Concat(t.critical, t.warning, t.unknown)
	if len(all) == 0 {
		return v
	}
	var counts []string
	for _, part := range []struct {
		n    int
		word string
	}{{len(t.critical), "critical"}, {len(t.warning), "warning"}, {len(t.unknown), "unknown"}} {
		if part.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	named := all[:min(len(all), shownFindings)]
	if more := len(all) - len(named); more > 0 {
		named = append(slices.Clone(named), fmt.Sprintf("%d more", more))
	}
	v.summary = strings.Join(counts, ", ") + " of " + well + "; " + strings.Join(named, "; ")
	return v
}

// threshold is a limit as the figures of a check show it: a negative one is none.
func threshold(limit int) string {
	if limit < 0 {
		return ""
	}
	return strconv.Itoa(limit)
}

func newCheckStreamingCmd(a *app) *cobra.Command {
	warn, crit := 0, -1
	cmd := newCheck(a, &cobra.Command{
		Use:   "streaming",
		Short: "Check that every stream is alive, and how often it had to be restarted",
		Long: "CRITICAL when a stream is down, has two applications or never started; WARNING when it had to be restarted within a day; UNKNOWN when nothing can\n" +
			"be known of it.",
		Example: "  chrononctl check streaming payments\n  chrononctl check streaming --warn-restarts 3 --crit-restarts 10",
	}, fleet.SoundAtOnce, func(s fleet.Snapshot) verdict { return streamingVerdict(s, warn, crit) })
	cmd.Flags().IntVar(&warn, "warn-restarts", warn, "WARNING when a stream was restarted more often in 24 h; -1: never")
	cmd.Flags().IntVar(&crit, "crit-restarts", crit, "CRITICAL when a stream was restarted more often in 24 h; -1: never")
	return cmd
}

func streamingVerdict(s fleet.Snapshot, warn, crit int) verdict {
	var t tally
	down, most := 0, 0
	for _, stream := range s.Streams {
		text := stream.GroupBy + ": " + stream.Sentence(s.Clock())
		most = max(most, stream.Restarts)
		switch {
		case stream.Health == fleet.Failed:
			down++
			t.critical = append(t.critical, text)
		case crit >= 0 && stream.Restarts > crit:
			t.critical = append(t.critical, text)
		case warn >= 0 && stream.Restarts > warn:
			t.warning = append(t.warning, text)
		case stream.Health == fleet.Unknown || stream.Health == fleet.None:
			t.unknown = append(t.unknown, text)
		}
	}
	return t.verdict(len(s.Streams), "stream", "", fleet.Sentences(s.Problems),
		perf{"down", down, "", "0"}, perf{"most_restarts", most, threshold(warn), threshold(crit)},
		perf{"unknown", len(t.unknown), "", ""}, perf{"streams", len(s.Streams), "", ""})
}

// freshnessLimits are the thresholds of check freshness.
type freshnessLimits struct {
	warnLate, critLate time.Duration
	warnDays, critDays int
}

func newCheckFreshnessCmd(a *app) *cobra.Command {
	limits := freshnessLimits{critLate: 6 * time.Hour, warnDays: -1, critDays: -1}
	cmd := newCheck(a, &cobra.Command{
		Use:   "freshness",
		Short: "Check that every output landed as usual, and how old what is served is",
		Long: "CRITICAL when an output's wanted day failed or is far over its usual time, or when what is served is so old that features are wrong or gone;\n" +
			"WARNING when it is over its usual time, or batch features are stale; UNKNOWN when it could not be found out. What is usual is learnt from runs\n" +
			"that were seen: without enough of them nothing is called late.",
		Example: "  chrononctl check freshness\n  chrononctl check freshness payments --warn-late 1h --crit-late 3h --crit-days 4",
	}, fleet.SoundAtOnce, func(s fleet.Snapshot) verdict { return freshnessVerdict(s, limits) })
	flags := cmd.Flags()
	flags.DurationVar(&limits.warnLate, "warn-late", limits.warnLate, "WARNING when an output is over its usual time by more")
	flags.DurationVar(&limits.critLate, "crit-late", limits.critLate, "CRITICAL when an output is over its usual time by more")
	flags.IntVar(&limits.warnDays, "warn-days", limits.warnDays, "WARNING when what is served is older, in days; -1: when batch features are stale")
	flags.IntVar(&limits.critDays, "crit-days", limits.critDays, "CRITICAL when what is served is older, in days; -1: when features are wrong or gone")
	return cmd
}

func freshnessVerdict(s fleet.Snapshot, limits freshnessLimits) verdict {
	var t tally
	late, failed, oldest := 0, 0, 0
	for _, o := range s.Outputs {
		served := o.Serving.Band != fleet.BandNone
		if served {
			oldest = max(oldest, o.Serving.Days)
		}
		if o.Late > 0 {
			late++
		}
		if o.State == fleet.OutputFailed {
			failed++
		}
		switch text := outputSentence(o); {
		case o.State == fleet.OutputFailed, o.Late > limits.critLate, served && tooOld(o.Serving, limits.critDays, fleet.BandWrong):
			t.critical = append(t.critical, text)
		case o.Late > limits.warnLate, served && tooOld(o.Serving, limits.warnDays, fleet.BandStale):
			t.warning = append(t.warning, text)
		case o.State == fleet.OutputUnknown:
			t.unknown = append(t.unknown, text)
		}
	}
	return t.verdict(len(s.Outputs), "output", "", fleet.Sentences(s.Problems),
		perf{"late", late, "", ""}, perf{"failed", failed, "", "0"}, perf{"oldest_served_days", oldest, threshold(limits.warnDays), threshold(limits.critDays)},
		perf{"unknown", len(t.unknown), "", ""}, perf{"outputs", len(s.Outputs), "", ""})
}

// tooOld says whether what is served is older than a number of days, or without one as old as a band.
func tooOld(s fleet.Serving, days int, band fleet.Band) bool {
	if days >= 0 {
		return s.Days > days
	}
	return s.Band >= band
}

// outputSentence says how an output is.
func outputSentence(o fleet.Output) string {
	text := o.Conf + " " + o.TaskID + ": " + o.State.String()
	if o.Wanted != "" {
		text += " for " + o.Wanted
	}
	if o.Late > 0 {
		text += ", " + o.Late.Round(time.Minute).String() + " over the usual time"
	}
	if o.Serving.Band > fleet.BandFine {
		text += fmt.Sprintf(", serves values that are %d days old", o.Serving.Days)
	}
	if o.Reason != "" {
		text += ", " + o.Reason
	}
	return text
}

func newCheckConsistencyCmd(a *app) *cobra.Command {
	warn, crit := 0, -1
	allow := false
	cmd := newCheck(a, &cobra.Command{
		Use:   "consistency",
		Short: "Check that serving agrees with training",
		Long: "WARNING when features of a join are beyond their budgets, CRITICAL when more of them are than --crit-over; UNKNOWN when a join was not measured,\n" +
			"which is never fine.",
		Example: "  chrononctl check consistency\n  chrononctl check consistency payments --crit-over 3",
	}, fleet.SoundNever, func(s fleet.Snapshot) verdict { return consistencyVerdict(s, warn, crit, allow) })
	cmd.Flags().IntVar(&warn, "warn-over", warn, "WARNING when more features of a join are beyond their budgets; -1: never")
	cmd.Flags().IntVar(&crit, "crit-over", crit, "CRITICAL when more features of a join are beyond their budgets; -1: never")
	cmd.Flags().BoolVar(&allow, "allow-unmeasured", false, "let a join pass that was not measured, as one without logged requests")
	return cmd
}

func consistencyVerdict(s fleet.Snapshot, warn, crit int, allow bool) verdict {
	var t tally
	over, total, unmeasured := 0, 0, 0
	for _, c := range s.Joins {
		over, total = over+c.Over, total+c.Total
		text := fmt.Sprintf("%s: %d of %d features over budget on %s", c.Join, c.Over, c.Total, c.Day)
		missed := c.Health == fleet.Unmeasured
		if missed {
			unmeasured++
		}
		switch {
		case crit >= 0 && c.Over > crit:
			t.critical = append(t.critical, text)
		case warn >= 0 && c.Over > warn:
			t.warning = append(t.warning, text)
		case missed && !allow, c.Health == fleet.Unknown:
			t.unknown = append(t.unknown, strings.TrimSuffix(c.Join+": "+c.Health.Word()+": "+c.Reason, ": "))
		}
	}
	return t.verdict(len(s.Joins), "join", "", fleet.Sentences(s.Problems),
		perf{"over_budget", over, threshold(warn), threshold(crit)}, perf{"not_measured", unmeasured, "", ""},
		perf{"features", total, "", ""}, perf{"joins", len(s.Joins), "", ""})
}

func newCheckDeployCmd(a *app) *cobra.Command {
	return newCheck(a, &cobra.Command{
		Use:   "deploy",
		Short: "Check that Airflow runs what was released",
		Long: "CRITICAL when a DAG of the release is missing, found in no file, or a file of ours does not import; WARNING when Airflow has another content of a DAG\n" +
			"than the release, or a DAG that no release has; UNKNOWN when no release tells what should be there. The Chronon repository is not needed:\n" +
			"`chrononctl drift` compares with it.",
		Example: "  chrononctl check deploy --context prod",
	}, fleet.SoundNever, deployVerdict)
}

func deployVerdict(s fleet.Snapshot) verdict {
	var t tally
	for _, b := range s.Broken {
		if b.Ours {
			t.critical = append(t.critical, b.File+" does not import")
		}
	}
	counts := make(map[fleet.DeviationKind]int)
	for _, d := range s.Deviations {
		counts[d.Kind]++
		text := d.DAGID + ": " + d.Reason
		if d.Kind == fleet.DAGHidden || d.Kind == fleet.DAGUnseen { // below, once
			continue
		}
		switch d.Health {
		case fleet.Failed:
			t.critical = append(t.critical, text)
		case fleet.Unknown, fleet.Breach:
			t.warning = append(t.warning, text)
		default:
		}
	}
	if n := counts[fleet.DAGHidden]; n > 0 {
		t.unknown = append(t.unknown, counted(n, "DAG")+" of the release cannot be read with the user of this context")
	}
	if n := counts[fleet.DAGUnseen]; n > 0 {
		t.unknown = append(t.unknown, counted(n, "DAG")+" of the release not listed, and not known to be missing or hidden from the user of this context")
	}
	var releases strings.Builder
	if s.Intent == nil || !s.Intent.Known() {
		reason := "no release tells what should run"
		if s.Intent != nil && s.Intent.Problem != "" {
			reason = s.Intent.Problem
		}
		t.unknown = append(t.unknown, reason)
	} else {
		for _, r := range s.Intent.Releases {
			releases.WriteString(", release " + r.ID)
		}
	}
	return t.verdict(len(s.DAGs), "DAG", releases.String(), fleet.Sentences(s.Problems),
		perf{"missing", counts[fleet.DAGMissing] + counts[fleet.DAGStale] + counts[fleet.DAGForeign], "", "0"}, perf{"outdated", counts[fleet.DAGOutdated], "0", ""},
		perf{"orphaned", counts[fleet.DAGOrphaned], "0", ""}, perf{"paused", counts[fleet.DAGIdle], "", ""}, perf{"unseen", counts[fleet.DAGHidden] + counts[fleet.DAGUnseen], "", ""}, perf{"dags", len(s.DAGs), "", ""})
}
