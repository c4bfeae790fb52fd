package airflowclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// Config says how to reach one Airflow. Only URL is needed.
type Config struct {
	URL         string            // address of the web server, with any path prefix: https://airflow.example.com/prod
	Auth        Authenticator     // nil: no credentials
	Transport   http.RoundTripper // nil: a copy of http.DefaultTransport
	Now         func() time.Time  // nil: time.Now
	UserAgent   string            // "" names this package
	Timeout     time.Duration     // of one attempt of one request; 0: 30 s
	MaxInFlight int               // requests at the same time; 0: 3
	MaxTries    int               // attempts of one read; 0: 3
	AllowHTTP   bool              // send credentials over plain http to other machines too
}

// Client talks to one Airflow. It is safe for use by many goroutines. Make one with [New].
type Client struct{}

// New checks the configuration. It sends nothing: the first request happens with the first call.
func New(cfg Config) (*Client, error) { return nil, errors.ErrUnsupported }

// Server says which Airflow answers. The first call asks the server; later ones answer from memory.
func (c *Client) Server(ctx context.Context) (Server, error) { return Server{}, errors.ErrUnsupported }

// Health asks how the parts of Airflow do.
func (c *Client) Health(ctx context.Context) (Health, error) { return Health{}, errors.ErrUnsupported }

// DAGs lists the DAGs that match the query, all pages, by id.
func (c *Client) DAGs(ctx context.Context, q DAGQuery) ([]DAG, error) {
	return nil, errors.ErrUnsupported
}

// DAG reads one DAG, stale or not.
func (c *Client) DAG(ctx context.Context, id string) (DAG, error) {
	return DAG{}, errors.ErrUnsupported
}

// Tasks reads the structure of a DAG as it was parsed last, by task id.
func (c *Client) Tasks(ctx context.Context, dagID string) ([]Task, error) {
	return nil, errors.ErrUnsupported
}

// Runs lists runs over many DAGs, newest first.
func (c *Client) Runs(ctx context.Context, q RunQuery) ([]Run, error) {
	return nil, errors.ErrUnsupported
}

// Run reads one run.
func (c *Client) Run(ctx context.Context, dagID, runID string) (Run, error) {
	return Run{}, errors.ErrUnsupported
}

// TaskInstances lists task instances of the runs of the query, by DAG, run, task and map index.
func (c *Client) TaskInstances(ctx context.Context, q TaskQuery) ([]TaskInstance, error) {
	return nil, errors.ErrUnsupported
}

// Log reads a part of a log: from its beginning when token is empty, else what came after the chunk whose Next is token.
func (c *Client) Log(ctx context.Context, ref LogRef, token string) (LogChunk, error) {
	return LogChunk{}, errors.ErrUnsupported
}

// XCom reads the value that a task pushed under key. A value that is a string of JSON text is unpacked: the answer is the JSON inside.
func (c *Client) XCom(ctx context.Context, dagID, runID, taskID, key string) (json.RawMessage, error) {
	return nil, errors.ErrUnsupported
}

// ImportErrors lists the DAG files that do not load, by file.
func (c *Client) ImportErrors(ctx context.Context) ([]ImportError, error) {
	return nil, errors.ErrUnsupported
}

// Trigger makes a run. It is never sent twice.
func (c *Client) Trigger(ctx context.Context, r TriggerRequest) (Run, error) {
	return Run{}, errors.ErrUnsupported
}

// SetPaused pauses or unpauses a DAG.
func (c *Client) SetPaused(ctx context.Context, dagID string, paused bool) error {
	return errors.ErrUnsupported
}

// Clear makes task instances run again and answers which ones; with DryRun, which ones would. On Airflow 2 the answer
// identifies the instances and says nothing else about them.
func (c *Client) Clear(ctx context.Context, r ClearRequest) ([]TaskInstance, error) {
	return nil, errors.ErrUnsupported
}

// Reparse asks for a DAG file to be parsed soon; fileToken is [DAG.FileToken]. A file that is queued already is no error.
func (c *Client) Reparse(ctx context.Context, fileToken string) error { return errors.ErrUnsupported }

// Raw sends a request that this package has no method for; path is below /api/v1 or /api/v2. GET is repeated on failure, nothing else is.
func (c *Client) Raw(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	return nil, errors.ErrUnsupported
}

// Requests says what the client has sent and received so far.
func (c *Client) Requests() Meter { return Meter{} }

// Warnings lists what the server sent and the client could not read, each once.
func (c *Client) Warnings() []string { return nil }
