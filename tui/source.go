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
	// FollowProgress says of how many jobs at work the logs are read from the next picture on, for how far they are; it only takes note, and returns at once.
	FollowProgress(jobs int)
	// Runs returns the recent runs of a DAG, newest first.
	Runs(ctx context.Context, dagID string) ([]fleet.Run, error)
	// Tasks returns the task instances of a run, in the order of the DAG.
	Tasks(ctx context.Context, dagID, runID string) ([]fleet.Task, error)
	// Explain returns the causes of what is wrong in a picture, after reading what failed tasks said. What it returns is for one goroutine at a time.
	Explain(ctx context.Context, snap fleet.Snapshot) (fleet.Explanation, error)
	// Log returns a part of the log of the task's try: from its beginning for 0, else what came after the part whose Next that is. ended says that
	// nothing will be added to it.
	Log(ctx context.Context, task fleet.Task, ended bool, from int) (fleet.LogPart, error)
}

// Request is a change that the reader asks for. What it would change exactly is said by its plan. Fields that the verb does not use are empty.
type Request struct {
	Verb action.Verb

	DAGs  []string // ids: of trigger, pause, unpause; one, of which runs or tasks are cleared or marked
	Runs  []string // ids of its runs
	Tasks []string // ids of tasks of the one run
	Confs []string // full names: of streams to restart, of GroupBys to upload again, of what to backfill

	Kind action.ConfKind // of what to backfill, where it is known: other confs may have the same name

	Day      string // YYYY-MM-DD, of trigger and upload; empty: the newest that is over
	From, To string // days of a backfill, both included
	ByDay    bool   // of backfill: a run a day, instead of one job over the range
	StepDays int    // of one job: days that it computes in one go; 0: as the conf has it
	AtOnce   int    // of a run a day: how many at a time; 0: the planner's choice
	Failed   bool   // of clear: only what failed
	State    string // of mark: success or failed
	Undo     string // id of the change to take back; the verb is then that of the change
}

// Changes plans and makes changes. A plan changes nothing.
type Changes interface {
	// Can tells whether a verb is offered.
	Can(action.Verb) bool
	// Plan returns the exact targets of a request, and what changing them means.
	Plan(ctx context.Context, request Request) (action.Plan, error)
	// Apply makes the change and reports each target when it is done. Targets that failed are told in their results;
	// an error means that the plan as a whole could not be carried out.
	Apply(ctx context.Context, plan action.Plan, report func(action.Result)) error
}
