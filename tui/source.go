package tui

import (
	"context"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
)

// Source is where the console reads from. Its methods are called from several goroutines at once; each call ends when its context does, which
// happens as soon as no visible part of the console needs the answer.
type Source interface {
	// Observe returns the whole picture. A part that could not be read is named in Problems; an error means that nothing was.
	Observe(ctx context.Context) (fleet.Snapshot, error)
	// Refresh has the next answers read anew, whatever is known; it only takes note, and returns at once.
	Refresh()
	// Runs returns the recent runs of a DAG, newest first.
	Runs(ctx context.Context, dagID string) ([]fleet.Run, error)
	// Tasks returns the task instances of a run, in the order of the DAG.
	Tasks(ctx context.Context, dagID, runID string) ([]fleet.Task, error)
	// Log returns a part of the log of the task's try: from its beginning for an empty token, else what came after the part whose Next is the token.
	Log(ctx context.Context, task fleet.Task, token string) (fleet.LogChunk, error)
}

// Changes plans and makes changes. A plan changes nothing.
type Changes interface {
	// PlanTrigger plans a run of the DAG for a day, YYYY-MM-DD.
	PlanTrigger(ctx context.Context, dagID, day string) (action.Plan, error)
	// PlanPause plans to pause DAGs, or to let them run again.
	PlanPause(ctx context.Context, paused bool, dagIDs ...string) (action.Plan, error)
	// Apply makes the change and reports each target when it is done. Targets that failed are told in their results;
	// an error means that the plan as a whole could not be carried out.
	Apply(ctx context.Context, plan action.Plan, report func(action.Result)) error
}
