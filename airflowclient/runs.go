package airflowclient

import "context"

// RunClear asks to run a whole run again. To see first which task instances that means, ask [Client.Clear] for a dry run of the run.
type RunClear struct {
	DAGID         string
	RunID         string
	OnlyFailed    bool // leave task instances alone that did not fail
	LatestVersion bool // with the newest version of the DAG; see [Capabilities.ClearLatestVersion]
}

type runOperations interface {
	markRun(ctx context.Context, dagID, runID string, state State) (Run, error)
	noteRun(ctx context.Context, dagID, runID, note string) (Run, error)
	clearRun(ctx context.Context, r RunClear) (Run, error)
	deleteRun(ctx context.Context, dagID, runID string) error
}

const (
	opMarkRun   = "mark DAG run"
	opNoteRun   = "write note of DAG run"
	opClearRun  = "clear DAG run"
	opDeleteRun = "delete DAG run"
)

const hintLatest = "clear without asking for the latest version: the run then uses what is deployed, as it always did before versions"

// MarkRun sets the state of a run: success, failed or queued; Airflow accepts no other.
//
// What becomes of tasks differs. Success makes every task a success, failed ones too; since Airflow 3.3.1 tasks at work succeed, those
// that had not begun are skipped and failed ones stay failed ([Capabilities.MarkSkipsWaiting]). Failed stops tasks at work as failed and skips the rest. Queued only lets
// the scheduler look again: a run whose tasks have all ended ends at once.
func (c *Client) MarkRun(ctx context.Context, dagID, runID string, state State) (Run, error) {
	return with(ctx, c, func(d dialect) (Run, error) { return d.markRun(ctx, dagID, runID, state) })
}

// NoteRun writes the note of a run; "" takes it away.
func (c *Client) NoteRun(ctx context.Context, dagID, runID, note string) (Run, error) {
	return with(ctx, c, func(d dialect) (Run, error) { return d.noteRun(ctx, dagID, runID, note) })
}

// ClearRun makes the tasks of a run run again, and queues it.
func (c *Client) ClearRun(ctx context.Context, r RunClear) (Run, error) {
	return with(ctx, c, func(d dialect) (Run, error) { return d.clearRun(ctx, r) })
}

// DeleteRun deletes a run with its task instances, XComs and history. What it wrote elsewhere stays. Airflow 3 refuses while the run
// is running; Airflow 2 does not.
func (c *Client) DeleteRun(ctx context.Context, dagID, runID string) error {
	return do(ctx, c, func(d dialect) error { return d.deleteRun(ctx, dagID, runID) })
}
