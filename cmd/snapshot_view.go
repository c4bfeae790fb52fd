package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
)

// snapshotView is the command of a view whose rows come from a picture of the fleet, or of the fleet of the teams that are its arguments.
func snapshotView[T any](a *app, cmd *cobra.Command, v view[T], rows func(fleet.Snapshot) []T) *cobra.Command {
	var flags viewFlags
	cmd.RunE = func(cmd *cobra.Command, teams []string) error {
		return show(cmd.Context(), a, v, flags, pictured(a, teams, flags, rows))
	}
	addView(a, cmd, v, &flags)
	return cmd
}

// pictured reads rows from pictures of the fleet. One observer takes them all: each picture after the first asks for what is due only.
func pictured[T any](a *app, teams []string, flags viewFlags, rows func(fleet.Snapshot) []T) look[T] {
	var observer pictures
	return func(ctx context.Context) ([]T, []string, error) {
		if observer == nil {
			made, err := a.observer(ctx, fleet.Options{Teams: teams, Every: flags.interval * 3 / 4}) // with its jitter, less than an interval: each look is a new one
			if err != nil {
				return nil, nil, err
			}
			observer = made
		}
		snap, err := a.picture(ctx, observer, teams)
		if err != nil {
			return nil, nil, err
		}
		return rows(snap), fleet.Sentences(snap.Problems), nil
	}
}

// picture is one picture of the fleet, which has the teams that were asked for.
func (a *app) picture(ctx context.Context, observer pictures, teams []string) (fleet.Snapshot, error) {
	snap, err := observer.Observe(ctx)
	if err != nil {
		return fleet.Snapshot{}, err
	}
	if unknown := snap.Missing(teams...); len(unknown) > 0 {
		return fleet.Snapshot{}, unknownTeams(ctx, unknown, observer)
	}
	return snap, nil
}
