package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/fleet"
	"chrononctl/internal/term"
)

// verdict is the answer of a check, by the contract of monitoring plugins: one line "SUMMARY | perfdata" and one of four exit codes.
type verdict struct {
	subject string // what was checked, in capitals
	code    ExitCode
	summary string
	perf    []perf
}

// perf is one figure for the monitoring system's graphs, with the thresholds that the verdict used. An empty threshold is none.
type perf struct {
	label      string
	value      int
	warn, crit string
}

// checkNames are the words for the codes of a check.
var checkNames = map[ExitCode]string{ExitDone: "OK", exitCheckWarning: "WARNING", exitCheckCrit: "CRITICAL", exitCheckUnknown: "UNKNOWN"}

// shownFindings is how many findings a summary names; more would not fit a pager.
const shownFindings = 3

func newCheckCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Answer a monitoring system: one line, and 0, 1, 2 or 3",
		Long: "Checks follow the contract of monitoring plugins: one line SUMMARY | perfdata on stdout, and the exit codes 0 OK, 1 WARNING, 2 CRITICAL,\n" +
			"3 UNKNOWN. An Airflow that cannot be reached is CRITICAL; wrong credentials and a wrong configuration are UNKNOWN.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exit(exitCheckUnknown, noCommand(cmd, args))
		},
		SuggestionsMinimumDistance: 2,
		RunE: func(*cobra.Command, []string) error {
			return exit(exitCheckUnknown, errors.New("check: say what to check: fleet, streaming, freshness, consistency or deploy"))
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit(exitCheckUnknown, fmt.Errorf("%s: %w", commandWords(cmd), err))
	})
	cmd.AddCommand(newCheckFleetCmd(a), newCheckStreamingCmd(a), newCheckFreshnessCmd(a), newCheckConsistencyCmd(a), newCheckDeployCmd(a))
	return cmd
}

// newCheck is the command of one check: it takes a picture of the fleet, or of the fleet of the teams that are its arguments, and judges it. The judgement
// needs no more of runs that succeeded with all their tasks than sound says.
func newCheck(a *app, cmd *cobra.Command, sound fleet.Sound, judge func(fleet.Snapshot) verdict) *cobra.Command {
	var timeout time.Duration
	subject := strings.ToUpper(cmd.Name())
	cmd.Use += " [TEAM...]"
	cmd.RunE = func(cmd *cobra.Command, teams []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		v := a.check(ctx, teams, sound, judge)
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		v.subject = subject
		fmt.Fprintln(a.Streams.Out, v.line())
		return exit(v.code, nil)
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long the answer may take; longer is CRITICAL")
	return cmd
}

func newCheckFleetCmd(a *app) *cobra.Command {
	return newCheck(a, &cobra.Command{
		Use:   "fleet",
		Short: "Check the whole fleet, or the fleet of some teams",
		Long: "CRITICAL when a task or a stream failed, a DAG file does not import, or a part of Airflow is not healthy; WARNING when a feature is beyond its\n" +
			"budget or a stream was restarted within a day; UNKNOWN when a part of the picture could not be read. A paused DAG is not bad by itself.",
		Example: "  chrononctl check fleet --context prod\n  chrononctl check fleet payments search",
	}, fleet.SoundNever, fleetVerdict)
}

func (a *app) check(ctx context.Context, teams []string, sound fleet.Sound, judge func(fleet.Snapshot) verdict) verdict {
	observer, err := a.observer(ctx, fleet.Options{Teams: teams, Sound: sound})
	if err != nil {
		return verdict{code: exitCheckUnknown, summary: withHint(err)}
	}
	snap, err := observer.Observe(ctx)
	if err != nil {
		return errorVerdict(err)
	}
	if unknown := snap.Missing(teams...); len(unknown) > 0 {
		return verdict{code: exitCheckUnknown, summary: withHint(unknownTeams(ctx, unknown, observer))}
	}
	if len(snap.DAGs) == 0 && snap.Health() < fleet.Failed {
		return verdict{code: exitCheckUnknown, summary: "no DAG of this Airflow has the tag chronon"}
	}
	return judge(snap)
}

// errorVerdict tells an Airflow that is down from a check that was never able to look.
func errorVerdict(err error) verdict {
	if airflowclient.IsUnavailable(err) || errors.Is(err, context.DeadlineExceeded) {
		return verdict{code: exitCheckCrit, summary: withHint(err)}
	}
	return verdict{code: exitCheckUnknown, summary: withHint(err)}
}

// withHint is an error with its next step, in the one line that a monitoring system shows.
func withHint(err error) string {
	if hint := hintOf(err); hint != "" {
		return err.Error() + " (" + hint + ")"
	}
	return err.Error()
}

// fleetVerdict judges a picture. Failures outrank warnings, and warnings what could not be found out.
func fleetVerdict(snap fleet.Snapshot) verdict {
	findings := snap.Findings()
	counts := make(map[fleet.Health]int)
	for _, f := range findings {
		counts[f.Health]++
	}
	v := verdict{code: ExitDone}
	health := snap.Health()
	switch {
	case counts[fleet.Failed] > 0 || health == fleet.Failed:
		v.code = exitCheckCrit
	case counts[fleet.Breach] > 0 || counts[fleet.Restarted] > 0:
		v.code = exitCheckWarning
	case health == fleet.Unknown || counts[fleet.Unknown] > 0:
		v.code = exitCheckUnknown
	}
	v.summary = fleetSummary(snap, findings, counts)
	v.perf = []perf{
		{"failed", counts[fleet.Failed], "", "0"},
		{"over_budget", counts[fleet.Breach], "0", ""},
		{"restarted", counts[fleet.Restarted], "0", ""},
		{"unknown", counts[fleet.Unknown], "", ""},
		{"not_measured", counts[fleet.Unmeasured], "", ""},
		{"paused", pausedDAGs(snap), "", ""},
		{"dags", len(snap.DAGs), "", ""},
		{"teams", len(snap.Teams), "", ""},
	}
	return v
}

func pausedDAGs(snap fleet.Snapshot) int {
	n := 0
	for _, d := range snap.DAGs {
		if d.Paused {
			n++
		}
	}
	return n
}

// fleetSummary counts what is the matter and names the worst of it.
func fleetSummary(snap fleet.Snapshot, findings []fleet.Finding, counts map[fleet.Health]int) string {
	var parts []string
	for _, h := range []fleet.Health{fleet.Failed, fleet.Breach, fleet.Unknown, fleet.Restarted, fleet.Unmeasured} {
		if n := counts[h]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, h.Word()))
		}
	}
	size := fmt.Sprintf("%s of %s", counted(len(snap.DAGs), "DAG"), counted(len(snap.Teams), "team"))
	if len(parts) == 0 {
		return size + ", all well"
	}
	var names []string
	for _, f := range findings[:min(len(findings), shownFindings)] {
		names = append(names, f.Subject+": "+f.Detail)
	}
	if more := len(findings) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s in %s; %s", strings.Join(parts, ", "), size, strings.Join(names, "; "))
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// line is the verdict as the contract wants it. A bar in a name would begin the figures, and is replaced.
func (v verdict) line() string {
	text := fmt.Sprintf("%s %s - %s", v.subject, checkNames[v.code], strings.ReplaceAll(term.Clean(v.summary), "|", "/"))
	if len(v.perf) == 0 {
		return text
	}
	figures := make([]string, 0, len(v.perf))
	for _, p := range v.perf {
		figures = append(figures, strings.TrimRight(fmt.Sprintf("'%s'=%d;%s;%s", p.label, p.value, p.warn, p.crit), ";"))
	}
	return text + " | " + strings.Join(figures, " ")
}
