package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newRollbackCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Put an earlier release back, and see it live in Airflow",
		Long: "Deploys a release that is kept once more, the way any release is deployed: planned, placed, verified. Without RELEASE it is the\n" +
			"newest one before the live one that was seen live. `chrononctl history` lists the releases that are kept.",
		Example: "  chrononctl rollback\n  chrononctl rollback r20261123T041500Z-1a2b3c4d --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			return a.runRollback(cmd.Context(), opts, id)
		},
	}
	opts.addTarget(cmd)
	opts.addRisks(cmd)
	opts.addApply(cmd)
	cmd.Flags().BoolVar(&opts.engine.Adopt, "adopt", false, "take over files in the way that no deploy has placed")
	return cmd
}

// runRollback plans, asks, applies and reports.
func (a *app) runRollback(ctx context.Context, opts deployOptions, id string) error {
	if err := opts.check(a); err != nil {
		return err
	}
	engine, err := a.openEngine(ctx, opts)
	if err != nil {
		return err
	}
	plan, err := engine.PlanRollback(ctx, id)
	if err != nil {
		return deployError(err)
	}
	if opts.dryRun {
		return a.showPlan(plan, opts)
	}
	return a.applyDeploy(ctx, engine, plan, opts)
}

func newUnlockCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "unlock ID",
		Short: "Take the lock of a target away from a deploy that is dead",
		Long: "A lock runs out by itself when its deploy does not renew it for 15 minutes. This takes it away at once, from the holder with this id and no other:\n" +
			"`chrononctl history` and the message of a deploy that found the lock name it. A holder that still lives stops before its next write.",
		Example: "  chrononctl deploy unlock 3q5wj2ybdk7c --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runUnlock(cmd.Context(), opts, args[0])
		},
	}
	opts.output.add(cmd, formatText)
	cmd.Flags().StringVar(&opts.target, "target", "", "deploy target of chrononctl.yaml (default: the only one)")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) runUnlock(ctx context.Context, opts deployOptions, id string) error {
	opts.engine.NoVerify, opts.engine.Timeout = true, 1
	if err := opts.check(a); err != nil {
		return err
	}
	engine, err := a.openEngine(ctx, opts)
	if err != nil {
		return err
	}
	if !opts.yes {
		if agreed, err := a.ask(ctx, "Break lock "+id+"?"); err != nil || !agreed {
			return refuse("nothing was changed", "")
		}
	}
	if err := engine.Unlock(ctx, id); err != nil {
		return deployError(err)
	}
	fmt.Fprintf(a.Streams.Out, "lock %s is broken\n", id)
	return nil
}
