package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/term"
)

// deployOptions are the flags of the commands that plan or deploy a release.
type deployOptions struct {
	output    outputFlag
	target    string
	engine    deploy.Options // what the flags say of it
	allow     []string
	dryRun    bool
	yes       bool
	keepGoing bool
	exitCode  bool
	out       string // file to save the plan in
	saved     string // file of a plan to apply
}

func newPlanCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a deploy would change",
		Long: "Generates the DAGs of the repository and compares them with the release in place, with the files of the target and with what Airflow shows.\n" +
			"It names the risks that a deploy has to be allowed to take, and changes nothing.",
		Example: "  chrononctl plan\n  chrononctl plan --target prod --exit-code\n  chrononctl plan --out plan.json && chrononctl deploy --plan plan.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.dryRun = true
			return a.runDeploy(cmd.Context(), opts)
		},
	}
	opts.addTarget(cmd)
	opts.addChoices(cmd)
	cmd.Flags().BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 when a deploy would change something")
	cmd.Flags().StringVar(&opts.out, "out", "", "save the plan in this file, for deploy --plan")
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
		Example: "  chrononctl deploy\n  chrononctl deploy --target prod --yes\n  chrononctl deploy --plan plan.json\n  chrononctl deploy unlock 3q5wj2ybdk7c",
		Args:    noCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runDeploy(cmd.Context(), opts) },
	}
	opts.addTarget(cmd)
	opts.addChoices(cmd)
	opts.addApply(cmd)
	cmd.Flags().StringSliceVar(&opts.engine.Purge, "purge-history", nil, "make Airflow forget the runs of this DAG once the deploy has removed it; nothing brings them back")
	cmd.Flags().StringVar(&opts.saved, "plan", "", "apply the plan of this file, and nothing else: refused when anything has moved since (exit code 3)")
	cmd.AddCommand(newUnlockCmd(a))
	return cmd
}

// addTarget declares the flags of every command that looks at a target.
func (o *deployOptions) addTarget(cmd *cobra.Command) {
	o.output.add(cmd, formatText, formatJSON)
	cmd.Flags().StringVar(&o.target, "target", "", "deploy target of chrononctl.yaml (default: the only one)")
	cmd.Flags().BoolVar(&o.engine.NoVerify, "no-verify", false, "do not ask Airflow; new DAGs stay paused")
}

// addChoices declares the flags that say what a plan holds.
func (o *deployOptions) addChoices(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&o.engine.Adopt, "adopt", false, "take over files in the way that no deploy has placed")
	flags.BoolVar(&o.keepGoing, "keep-going", false, "leave out confs with errors; DAGs that would be incomplete stay as they are deployed")
	flags.StringSliceVar(&o.engine.Only, "only", nil, "deploy the DAGs of these teams and leave all others as they are")
	o.addRisks(cmd)
}

func (o *deployOptions) addRisks(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.allow, "allow", nil, fmt.Sprintf("take a risk that the plan names: %v", deploy.RiskNames()))
	cmd.Flags().IntVar(&o.engine.MaxDelete, "max-delete", 5, "DAGs that may be removed without --allow removals")
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("allow", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, name := range deploy.RiskNames() {
			names = append(names, string(name))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// addApply declares the flags that say how a plan is carried out.
func (o *deployOptions) addApply(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&o.yes, "auto-approve", false, "the same as --yes")
	flags.BoolVar(&o.engine.NoRollback, "no-rollback", false, "leave a release in place that does not verify (exit code 7)")
	flags.DurationVar(&o.engine.Timeout, "timeout", deploy.DefaultTimeout, "how long Airflow may take to show the DAGs")
	flags.DurationVar(&o.engine.LockWait, "lock-timeout", 0, "how long to wait for a deploy that is under way")
	flags.DurationVar(&o.engine.Drain, "drain", deploy.DefaultDrain, "how long the running tasks of removed DAGs may take to end before their files go")
}

// check refuses flags that make no sense, before anything is read or asked.
func (o *deployOptions) check(a *app) error {
	if err := o.output.check(a); err != nil {
		return err
	}
	if !o.dryRun && o.engine.Timeout <= 0 {
		return usage(fmt.Errorf("--timeout %s: must be more than nothing", o.engine.Timeout))
	}
	for _, name := range o.allow {
		if !slices.Contains(deploy.RiskNames(), deploy.RiskName(name)) {
			return usage(fmt.Errorf("--allow %q: must be one of %v", name, deploy.RiskNames()))
		}
		o.engine.Allow = append(o.engine.Allow, deploy.RiskName(name))
	}
	if o.engine.MaxDelete <= 0 {
		o.engine.MaxDelete = -1
	}
	if o.engine.Drain <= 0 {
		o.engine.Drain = -1
	}
	if !o.dryRun && !o.yes && o.saved == "" && !a.Streams.CanPrompt() {
		return refuse("there is no terminal to ask on", "look at the plan with `chrononctl plan`, then deploy with --yes")
	}
	return nil
}

// runDeploy plans, asks, applies and reports.
func (a *app) runDeploy(ctx context.Context, opts deployOptions) error {
	if err := opts.check(a); err != nil {
		return err
	}
	saved, err := opts.readSaved(a)
	if err != nil {
		return deployError(err)
	}
	engine, release, err := a.openRelease(ctx, opts)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(ctx, release)
	if err != nil {
		return deployError(err)
	}
	if saved != nil {
		if err := saved.Confirm(plan); err != nil {
			return deployError(err)
		}
	}
	if opts.dryRun {
		return a.showPlan(plan, opts)
	}
	return a.applyDeploy(ctx, engine, plan, opts)
}

// readSaved reads the plan that is to be applied. It was approved when it was made: its choices hold, and nobody is asked again.
func (o *deployOptions) readSaved(a *app) (*deploy.SavedPlan, error) {
	if o.saved == "" {
		return nil, nil //nolint:nilnil // no plan was saved
	}
	data, err := os.ReadFile(a.path(o.saved))
	if err != nil {
		return nil, err
	}
	saved, err := deploy.ReadPlan(data)
	if err != nil {
		return nil, fmt.Errorf("--plan %s: %w", o.saved, err)
	}
	choices := saved.Choices
	o.engine.Only, o.engine.Adopt, o.engine.Allow, o.engine.MaxDelete = choices.Only, choices.Adopt, choices.Allow, choices.MaxDelete
	o.engine.NoVerify, o.keepGoing, o.yes = choices.NoVerify, choices.KeepGoing, true
	return saved, nil
}

// choices are what a saved plan has to repeat.
func (o *deployOptions) choices() deploy.PlanChoices {
	return deploy.PlanChoices{
		Only: o.engine.Only, Adopt: o.engine.Adopt, Allow: o.engine.Allow, MaxDelete: o.engine.MaxDelete,
		NoVerify: o.engine.NoVerify, KeepGoing: o.keepGoing,
	}
}

// release generates the DAGs. Every diagnostic is said; an error among them stops before anything is asked of anyone, unless it is to
// be left out.
func (a *app) release(repo repository, opts deployOptions) (deploy.Release, error) {
	release, diagnostics, err := deploy.PrepareCached(os.DirFS(repo.Root), repo.Project.Settings, a.dagFileCache())
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

// showPlan prints a plan as the answer, and saves it.
func (a *app) showPlan(plan *deploy.Plan, opts deployOptions) error {
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, plan)
	} else {
		fmt.Fprint(a.Streams.Out, term.CleanLines(plan.String()))
	}
	if opts.out != "" {
		data, err := plan.Save(a.Now(), a.owner().Who, opts.choices())
		if err != nil {
			return err
		}
		if err := os.WriteFile(a.path(opts.out), data, 0o600); err != nil {
			return fmt.Errorf("save the plan: %w", err)
		}
		fmt.Fprintf(a.Streams.Err, "saved in %s: chrononctl deploy --plan %s\n", opts.out, opts.out)
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
	if plan.Changes() && !opts.yes && plan.Refusal() == nil {
		if agreed, err := a.ask(ctx, "Go ahead?"); err != nil || !agreed {
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
	return fmt.Sprintf("release %s is live: %d files written, %d removed, %d DAGs unpaused, %s", r.Release, r.Written, r.Removed, len(r.Activated), verified)
}
