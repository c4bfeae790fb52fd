package cmd

import (
	"context"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/config"
	"chrononctl/internal/fleet"
	"chrononctl/internal/history"
)

// consoleSource is the live picture as the console asks for it. What is kept of a large fleet takes a moment to read: that is done when the first
// question needs it, beside the first frame and not before it.
type consoleSource struct {
	past     func() *history.History
	observer func() remembering
}

// consoleSource looks at the whole fleet, and begins with what earlier looks have seen. Of an Airflow that will soon be gone nothing is kept.
func (a *app) consoleSource(chosen config.Context, client *airflowclient.Client, every time.Duration, passing bool) consoleSource {
	opts := fleet.Options{Every: every, Piecemeal: true, Sound: fleet.SoundLater}
	kept := history.Options{Context: chosen.Name, URL: chosen.URL, Now: a.Now}
	if !passing {
		kept.Dir, opts.Lifetimes, opts.Definitions = a.stateDir(), a.lifetimes(), a.definitions
	}
	past := sync.OnceValue(func() *history.History { return history.Open(kept) })
	return consoleSource{past, sync.OnceValue(func() remembering { return a.observerOf(chosen, client, past(), opts) })}
}

// lastSnapshot is the picture of an earlier session.
func (s consoleSource) lastSnapshot() (fleet.Snapshot, bool) { return s.past().LastSnapshot() }

// Observe and the other methods are those of a [tui.Source].
func (s consoleSource) Observe(ctx context.Context) (fleet.Snapshot, error) {
	return s.observer().Observe(ctx)
}

// Refresh has the next answers read anew.
func (s consoleSource) Refresh() { s.observer().Refresh() }

// FollowProgress has the logs of some jobs at work read for how far they are.
func (s consoleSource) FollowProgress(jobs int) { s.observer().FollowProgress(jobs) }

// Runs lists the recent runs of a DAG.
func (s consoleSource) Runs(ctx context.Context, dagID string) ([]fleet.Run, error) {
	return s.observer().Runs(ctx, dagID)
}

// Tasks lists the task instances of a run.
func (s consoleSource) Tasks(ctx context.Context, dagID, runID string) ([]fleet.Task, error) {
	return s.observer().Tasks(ctx, dagID, runID)
}

// Explain finds the causes of what is wrong in a picture.
func (s consoleSource) Explain(ctx context.Context, snap fleet.Snapshot) (fleet.Explanation, error) {
	return s.observer().Explain(ctx, snap)
}

// Log reads a part of the log of a task.
func (s consoleSource) Log(ctx context.Context, task fleet.Task, ended bool, from int) (fleet.LogPart, error) {
	return s.observer().Log(ctx, task, ended, from)
}
