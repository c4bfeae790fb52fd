package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/config"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/term"
)

// deployOptions are the flags of plan and deploy.
type deployOptions struct {
	output    outputFlag
	target    string
	dryRun    bool
	yes       bool
	noVerify  bool
	keepGoing bool
	noReturn  bool
	adopt     bool
	exitCode  bool
	timeout   time.Duration
}

func newPlanCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a deploy would change",
		Long: "Generates the DAGs of the repository and compares them with the release in place, with the files of the target and with what Airflow shows.\n" +
			"It changes nothing.",
		Example: "  chrononctl plan\n  chrononctl plan --target prod --exit-code",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.dryRun = true
			return a.runDeploy(cmd.Context(), opts)
		},
	}
	opts.addCommon(cmd)
	cmd.Flags().BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 when a deploy would change something")
	return cmd
}

func newDeployCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Deploy the DAGs, see them live in Airflow, or put everything back",
		Long: "Generates the DAGs of the repository, places them where Airflow reads them, and waits until Airflow shows each DAG at exactly this content.\n" +
			"Then new DAGs are unpaused, and DAGs that are no longer wanted are paused and removed. A release that does not verify is rolled back.\n" +
			"A second deploy of the same changes nothing. Only files that an earlier deploy placed are ever changed.",
		Example: "  chrononctl deploy\n  chrononctl deploy --target prod --yes",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runDeploy(cmd.Context(), opts) },
	}
	opts.addCommon(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&opts.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&opts.yes, "auto-approve", false, "the same as --yes")
	flags.BoolVar(&opts.noReturn, "no-rollback", false, "leave a release in place that does not verify (exit code 7)")
	flags.DurationVar(&opts.timeout, "timeout", deploy.DefaultTimeout, "how long Airflow may take to show the DAGs")
	return cmd
}

func (o *deployOptions) addCommon(cmd *cobra.Command) {
	o.output.add(cmd, formatText, formatJSON)
	flags := cmd.Flags()
	flags.StringVar(&o.target, "target", "", "deploy target of chrononctl.yaml (default: the only one)")
	flags.BoolVar(&o.adopt, "adopt", false, "take over files in the way that no deploy has placed")
	flags.BoolVar(&o.noVerify, "no-verify", false, "do not ask Airflow; new DAGs stay paused")
	flags.BoolVar(&o.keepGoing, "keep-going", false, "leave out confs with errors; DAGs that would be incomplete stay as they are deployed")
}

// runDeploy plans, asks, applies and reports.
func (a *app) runDeploy(ctx context.Context, opts deployOptions) error {
	if err := opts.output.check(a); err != nil {
		return err
	}
	if !opts.dryRun && opts.timeout <= 0 {
		return usage(fmt.Errorf("--timeout %s: must be more than nothing", opts.timeout))
	}
	if !opts.dryRun && !opts.yes && !a.Streams.CanPrompt() {
		return refuse("there is no terminal to ask on", "look at the plan with `chrononctl plan`, then deploy with --yes")
	}
	repo, err := a.repository()
	if err != nil {
		return err
	}
	release, err := a.release(repo, opts)
	if err != nil {
		return err
	}
	engine, err := a.deployEngine(ctx, repo, opts)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(ctx, release)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return a.showPlan(plan, opts)
	}
	return a.applyDeploy(ctx, engine, plan, opts)
}

// release generates the DAGs. Every diagnostic is said; an error among them stops before anything is asked of anyone, unless it is to
// be left out.
func (a *app) release(repo repository, opts deployOptions) (deploy.Release, error) {
	release, diagnostics, err := deploy.Prepare(os.DirFS(repo.Root), repo.Project.Settings)
	for _, diagnostic := range diagnostics {
		a.sayDiagnostic(diagnostic)
	}
	if err != nil {
		return deploy.Release{}, err
	}
	blocked := generateBlocked(dagspec.Definitions{Diagnostics: diagnostics, LeftOut: release.LeftOut}, repo.Root, opts.keepGoing)
	return release, blocked
}

// sayDiagnostic prints one finding on stderr, with its next step.
func (a *app) sayDiagnostic(d dagspec.Diagnostic) {
	fmt.Fprintf(a.Streams.Err, "chrononctl: %s\n", term.Clean(d.String()))
	if d.Hint != "" {
		fmt.Fprintf(a.Streams.Err, "  hint: %s\n", term.Clean(d.Hint))
	}
}

// deployEngine connects the chosen target with the chosen Airflow.
func (a *app) deployEngine(ctx context.Context, repo repository, opts deployOptions) (*deploy.Engine, error) {
	place, err := choosePlace(repo, opts.target)
	if err != nil {
		return nil, err
	}
	opened, err := target.Open(place)
	if err != nil {
		return nil, err
	}
	options := deploy.Options{
		Target:     opened,
		Generator:  "chrononctl " + version,
		Owner:      a.owner(),
		Now:        a.Now,
		Timeout:    opts.timeout,
		Adopt:      opts.adopt,
		NoVerify:   opts.noVerify,
		NoRollback: opts.noReturn,
	}
	if !opts.noVerify {
		chosen, client, err := a.airflow(ctx)
		if err != nil {
			return nil, err
		}
		if chosen.ReadOnly && !opts.dryRun {
			return nil, refuse(fmt.Sprintf("context %s is read-only", chosen.Name), "`chrononctl plan` shows the plan; change read_only of the context to allow a deploy")
		}
		options.Airflow = client
	}
	return deploy.New(options)
}

// owner is whom the next deploy is told to ask.
func (a *app) owner() target.Owner {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return target.Owner{Who: cmp.Or(a.Getenv("USER"), a.Getenv("LOGNAME"), "unknown user"), Host: host, PID: os.Getpid()}
}

// targetError says that no target was chosen, or one that does not exist.
type targetError struct {
	name  string
	known []string
}

func (e targetError) Error() string {
	switch {
	case e.name != "":
		return fmt.Sprintf("--target %s: %s has no such target", e.name, config.ProjectFile)
	case len(e.known) == 0:
		return config.ProjectFile + " has no deploy target"
	default:
		return fmt.Sprintf("%s has %d deploy targets", config.ProjectFile, len(e.known))
	}
}

func (e targetError) Hint() string {
	if len(e.known) == 0 {
		return "add one: targets: {prod: {kind: dir, path: /opt/airflow/dags}}"
	}
	return "choose one with --target: " + strings.Join(e.known, ", ")
}

// choosePlace is --target, or the only target of the project. A relative path starts at the repository.
func choosePlace(repo repository, name string) (target.Place, error) {
	known := slices.Sorted(maps.Keys(repo.Project.Targets))
	if name == "" && len(known) == 1 {
		name = known[0]
	}
	found, ok := repo.Project.Targets[name]
	if !ok {
		return target.Place{}, usage(targetError{name: name, known: known})
	}
	place := target.Place(found)
	for _, path := range []*string{&place.Path, &place.State} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(repo.Root, *path)
		}
	}
	return place, nil
}

// showPlan prints a plan as the answer.
func (a *app) showPlan(plan *deploy.Plan, opts deployOptions) error {
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, plan)
	} else {
		fmt.Fprint(a.Streams.Out, term.CleanLines(plan.String()))
	}
	if opts.exitCode && (plan.Changes() || len(plan.Foreign()) > 0) {
		return exit(ExitDifferent, nil)
	}
	return nil
}

// applyDeploy asks, where something would change, and carries the plan out.
func (a *app) applyDeploy(ctx context.Context, engine *deploy.Engine, plan *deploy.Plan, opts deployOptions) error {
	if plan.Changes() && opts.output.value != formatJSON {
		fmt.Fprint(a.Streams.Err, term.CleanLines(plan.String()))
	}
	if plan.Changes() && !opts.yes && len(plan.Foreign()) == 0 {
		if agreed, err := a.ask(ctx, "Deploy?"); err != nil || !agreed {
			return errors.Join(err, refuse("nothing was changed", ""))
		}
	}
	progress := newDeployProgress(a.Streams)
	result, err := engine.Apply(ctx, plan, progress.event)
	progress.end()
	switch {
	case opts.output.value == formatJSON:
		a.writeJSON(a.Streams.Out, result)
	case err == nil:
		fmt.Fprintln(a.Streams.Out, deployText(result))
	}
	return deployError(err)
}

// deployText is the one clear end of a deploy that went well.
func deployText(r *deploy.Result) string {
	verified := fmt.Sprintf("%d DAGs verified in %s", r.Verified(), r.Elapsed.Round(100*time.Millisecond))
	if len(r.DAGs) == 0 {
		verified = "not verified"
	}
	if !r.Changed && len(r.Activated) == 0 {
		return "nothing to change, " + verified
	}
	return fmt.Sprintf("deployed release %s: %d files written, %d removed, %d DAGs unpaused, %s", r.Release, r.Written, r.Removed, len(r.Activated), verified)
}

// deployError gives each way in which a deploy ends its exit code. The order matters: an error holds its causes.
func deployError(err error) error {
	for _, end := range []struct {
		is   func(error) bool
		code ExitCode
	}{
		{holds[*deploy.RollbackError], ExitAttention},
		{holds[*deploy.RolledBackError], ExitRolledBack},
		{holds[*deploy.InterruptedError], ExitInterrupted},
		{holds[*deploy.UnverifiedError], ExitUnverified},
		{holds[*deploy.PendingError], ExitPending},
		{holds[*deploy.StaleError], ExitStale},
		{holds[*target.LockedError], ExitStale},
		{holds[*deploy.ForeignError], ExitRefused},
		{holds[*deploy.EmptyError], ExitRefused},
	} {
		if end.is(err) {
			return exit(end.code, err)
		}
	}
	return err
}

func holds[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
