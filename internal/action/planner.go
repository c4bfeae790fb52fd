package action

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// Airflow is what planning and applying ask of a server; an [airflowclient.Client] is one.
type Airflow interface {
	DAG(ctx context.Context, id string) (airflowclient.DAG, error)
	DAGs(ctx context.Context, q airflowclient.DAGQuery) ([]airflowclient.DAG, error)
	Details(ctx context.Context, dagID string) (airflowclient.DAGDetails, error)
	Source(ctx context.Context, dagID string, version int) (string, error)
	Server(ctx context.Context) (airflowclient.Server, error)
	ServerTime() (at time.Time, heard bool)

	Run(ctx context.Context, dagID, runID string) (airflowclient.Run, error)
	Runs(ctx context.Context, q airflowclient.RunQuery) ([]airflowclient.Run, error)
	TaskInstances(ctx context.Context, q airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error)
	XCom(ctx context.Context, dagID, runID, taskID, key string) (json.RawMessage, error)
	Log(ctx context.Context, ref airflowclient.LogRef, token string) (airflowclient.LogChunk, error)

	Trigger(ctx context.Context, r airflowclient.TriggerRequest) (airflowclient.Run, error)
	SetPaused(ctx context.Context, dagID string, paused bool) error
	Clear(ctx context.Context, r airflowclient.ClearRequest) ([]airflowclient.TaskInstance, error)
	MarkRun(ctx context.Context, dagID, runID string, state airflowclient.State) (airflowclient.Run, error)
	MarkTask(ctx context.Context, m airflowclient.TaskMark) ([]airflowclient.TaskInstance, error)

	PlanBackfill(ctx context.Context, r airflowclient.BackfillRequest) ([]time.Time, error)
	StartBackfill(ctx context.Context, r airflowclient.BackfillRequest) (airflowclient.Backfill, error)
	Backfills(ctx context.Context, dagID string) ([]airflowclient.Backfill, error)
	PauseBackfill(ctx context.Context, id int64) (airflowclient.Backfill, error)
	ResumeBackfill(ctx context.Context, id int64) (airflowclient.Backfill, error)
	CancelBackfill(ctx context.Context, id int64) (airflowclient.Backfill, error)

	Variables(ctx context.Context) ([]airflowclient.Variable, error)
	SetVariable(ctx context.Context, key string, value airflowclient.Secret, description string) error
	DeleteVariable(ctx context.Context, key string) error
}

// Planner plans changes to one Airflow, and makes them. It keeps nothing between two calls.
type Planner struct {
	Airflow Airflow
	Now     func() time.Time // nil: time.Now
	Context string           // named in the equivalent commands; empty: the context is left to the reader's default
	User    string           // who asks, for the reason of a pause and the journal; empty: nobody is named
	Journal *Journal         // where changes are written down; nil: nowhere
	Lineage func() *Lineage  // what reads what, asked for when a plan needs it; nil, or an answer of nil: it is not known

	// Progress hears how far planning has come, where a plan needs many answers. It is called by one goroutine at a time; nil: nobody does.
	Progress func(done, total int)
}

func (p *Planner) now() time.Time {
	if p.Now == nil {
		return time.Now().UTC()
	}
	return p.Now().UTC()
}

// serverNow is the present by the server's clock, once it was heard: days are over, and runs have begun, by it and not by ours.
func (p *Planner) serverNow() time.Time {
	if at, heard := p.Airflow.ServerTime(); heard {
		return at.UTC()
	}
	return p.now()
}

// command is the command line that does the same. Words that a shell would take apart are quoted.
func (p *Planner) command(words ...string) string {
	all := append([]string{"chrononctl"}, words...)
	if p.Context != "" {
		all = append(all, "--context", p.Context)
	}
	for i, w := range all {
		all[i] = quoteWord(w)
	}
	return strings.Join(all, " ")
}

// quoteWord quotes a word for a POSIX shell if it needs it.
func quoteWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/@+=", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
