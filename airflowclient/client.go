package airflowclient

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient/parallel"
)

// Config says how to reach one Airflow. Only URL is needed.
type Config struct {
	URL         string            // address of the web server, with any path prefix: https://airflow.example.com/prod
	Auth        Authenticator     // nil: no credentials
	TLS         TLS               // for the transport that New makes
	Transport   http.RoundTripper // nil: a copy of http.DefaultTransport, with TLS as above
	Now         func() time.Time  // nil: time.Now
	UserAgent   string            // "" names this program
	Timeout     time.Duration     // of one attempt of one request; 0: 30 s
	Patience    time.Duration     // of one read with all its attempts and the pauses between them; 0: 3 minutes
	MaxInFlight int               // requests at the same time; 0: 3
	MaxTries    int               // attempts of one read; 0: 3
	AllowHTTP   bool              // send credentials over plain http to other machines too
}

// Client talks to one Airflow. It is safe for use by many goroutines. Make one with [New].
type Client struct {
	conn *conn

	turn    chan struct{} // held while the server is asked what it is
	server  Server
	dialect dialect // nil until the server has said what it is
}

// New checks the configuration. It sends nothing: the first request happens with the first call.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.URL)
	if err != nil {
		return nil, err
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) && !cfg.AllowHTTP && carriesSecrets(cfg.Auth) {
		return nil, &Error{
			Op: opConfigure, Kind: KindInvalid, URL: base.String(), Detail: "credentials would travel unencrypted to " + base.Host,
			hint: "use https, or allow plain http for this server explicitly",
		}
	}
	inFlight := cmp.Or(max(cfg.MaxInFlight, 0), defaultInFlight)
	if cfg.Transport == nil {
		if cfg.Transport, err = newTransport(inFlight, cfg.TLS); err != nil {
			return nil, err
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{turn: make(chan struct{}, 1)}
	c.conn = &conn{
		base: base, next: cfg.Transport, auth: cfg.Auth, now: cfg.Now, agent: cmp.Or(cfg.UserAgent, "chrononctl"),
		timeout: cmp.Or(max(cfg.Timeout, 0), defaultTimeout), patience: cmp.Or(max(cfg.Patience, 0), defaultPatience), tries: uint(cmp.Or(max(cfg.MaxTries, 0), defaultTries)),
		slots: make(chan struct{}, inFlight), api: c.api,
	}
	c.conn.meter.now = cfg.Now
	c.conn.client = &http.Client{Transport: c.conn, CheckRedirect: c.conn.checkRedirect}
	return c, nil
}

// parseBase reads the address of a web server. The tail that people copy along from a browser or an API call is dropped.
func parseBase(text string) (*url.URL, error) {
	invalid := func(detail, hint string) error {
		return &Error{Op: opConfigure, Kind: KindInvalid, Detail: detail, hint: hint}
	}
	const example = "for example https://airflow.example.com or http://localhost:8080"
	if strings.TrimSpace(text) == "" {
		return nil, invalid("there is no address of an Airflow", "give one, "+example)
	}
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, invalid("the address of Airflow is not an http or https URL", "write it in full, "+example)
	case u.User != nil:
		return nil, invalid("the address of Airflow holds credentials", "leave them out of the address: it is shown in messages")
	}
	path := strings.TrimRight(u.Path, "/")
	for _, tail := range []string{"/api/v1", "/api/v2", "/home", "/login"} {
		path = strings.TrimSuffix(path, tail)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(path, "/")}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// carriesSecrets reports whether an authenticator sends anything worth stealing. One that is not of this package always counts as such.
func carriesSecrets(a Authenticator) bool {
	switch a := a.(type) {
	case nil, none:
		return false
	case describer:
		return a.describe() != ""
	}
	return true
}

// Address is where the client's Airflow is, fit to be shown: without what an address may hold besides scheme, host and path prefix.
func (c *Client) Address() string { return bare(c.conn.base) }

// Health asks how the parts of Airflow do.
func (c *Client) Health(ctx context.Context) (Health, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return Health{}, err
	}
	return d.health(ctx)
}

// DAGs lists the DAGs that match the query, all pages, by id.
func (c *Client) DAGs(ctx context.Context, q DAGQuery) ([]DAG, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	dags, err := d.dags(ctx, q)
	if err != nil {
		return nil, err
	}
	dags = slices.DeleteFunc(dags, func(dag DAG) bool { return !q.matches(dag) })
	slices.SortFunc(dags, func(a, b DAG) int { return strings.Compare(a.ID, b.ID) })
	return dags, nil
}

// DAG reads one DAG, stale or not.
func (c *Client) DAG(ctx context.Context, id string) (DAG, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return DAG{}, err
	}
	return d.dag(ctx, id)
}

// Tasks reads the structure of a DAG as it was parsed last, by task id.
func (c *Client) Tasks(ctx context.Context, dagID string) ([]Task, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	tasks, err := d.tasks(ctx, dagID)
	slices.SortFunc(tasks, func(a, b Task) int { return strings.Compare(a.ID, b.ID) })
	return tasks, err
}

// Runs lists runs over many DAGs, newest first.
func (c *Client) Runs(ctx context.Context, q RunQuery) ([]Run, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := d.runs(ctx, q)
	runs = slices.DeleteFunc(runs, func(r Run) bool { return len(q.Types) > 0 && !slices.Contains(q.Types, r.Type) })
	slices.SortFunc(runs, newestFirst)
	return runs, err
}

// Run reads one run.
func (c *Client) Run(ctx context.Context, dagID, runID string) (Run, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return Run{}, err
	}
	return d.run(ctx, dagID, runID)
}

// TaskInstances lists task instances of the runs of the query, by DAG, run, task and map index. A run that does not exist has none.
func (c *Client) TaskInstances(ctx context.Context, q TaskQuery) ([]TaskInstance, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	runs := slices.Clone(q.Runs)
	slices.SortFunc(runs, compareRefs)
	runs = slices.Compact(runs)
	batches := batchesOf(runs)
	found := make([][]TaskInstance, len(batches))
	group, ctx := parallel.WithContext(ctx)
	for i := range batches {
		q := q
		q.Runs = batches[i]
		group.Go(func() (err error) {
			found[i], err = d.taskInstances(ctx, q)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	all = slices.DeleteFunc(all, func(t TaskInstance) bool { return !q.matches(runs, t) })
	slices.SortFunc(all, byIdentity)
	return all, nil
}

// XCom reads the value that a task, not a mapped one, pushed under key. A value that is a string of JSON text is unpacked: the
// answer is the JSON inside. Where Airflow has Python's notation only (before 2.10, for values that are no strings), that comes as a JSON string.
func (c *Client) XCom(ctx context.Context, dagID, runID, taskID, key string) (json.RawMessage, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	return d.xcomOf(ctx, InstanceRef{DAGID: dagID, RunID: runID, TaskID: taskID, MapIndex: -1}, key)
}

// ImportErrors lists the DAG files that do not load, by file.
func (c *Client) ImportErrors(ctx context.Context) ([]ImportError, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.importErrors(ctx)
	slices.SortFunc(list, func(a, b ImportError) int {
		return cmp.Or(strings.Compare(a.Bundle, b.Bundle), strings.Compare(a.File, b.File))
	})
	return list, err
}

// Trigger makes a run. It is never sent twice.
func (c *Client) Trigger(ctx context.Context, r TriggerRequest) (Run, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return Run{}, err
	}
	return d.trigger(ctx, r)
}

// SetPaused pauses or unpauses a DAG.
func (c *Client) SetPaused(ctx context.Context, dagID string, paused bool) error {
	d, err := c.connect(ctx)
	if err != nil {
		return err
	}
	return d.setPaused(ctx, dagID, paused)
}

// Clear makes task instances run again and answers which ones; with DryRun, which ones would. On Airflow 2 the answer
// identifies the instances, without their map index, so that a mapped task is there once, and says nothing else about them. An instance that runs is ended
// and begun again by Airflow 3; Airflow 2 lets it go on, see [Capabilities.ClearStopsRunning].
func (c *Client) Clear(ctx context.Context, r ClearRequest) ([]TaskInstance, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	cleared, err := d.clear(ctx, r)
	slices.SortFunc(cleared, byIdentity)
	return cleared, err
}

// Reparse asks for a DAG file to be parsed soon; fileToken is [DAG.FileToken]. A file that is queued already is no error. On
// Airflow 3 this refreshes the whole bundle, new files included.
func (c *Client) Reparse(ctx context.Context, fileToken string) error {
	d, err := c.connect(ctx)
	if err != nil {
		return err
	}
	return d.reparse(ctx, fileToken)
}

// Raw sends a request that this package has no method for. path lies below /api/v1 or /api/v2, begins with a slash, is escaped and
// may hold a query. GET is repeated on failure, nothing else is.
func (c *Client) Raw(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	plain, _, _ := strings.Cut(path, "?") // a query may hold what does not belong into messages
	call := &call{op: method + " " + plain, tally: method + " (raw)", read: method == http.MethodGet, conn: c.conn}
	got, err := c.conn.do(ctx, call, method, d.prefix()+path, nil, body)
	return got.body, err
}

// ServerTime is the server's clock: as its last answer had it, to the second, and as much later as that is ago; false: it has not said.
func (c *Client) ServerTime() (time.Time, bool) {
	if c.conn.date.Load() == 0 {
		return c.conn.serverTime(), false
	}
	ago := c.conn.now().Sub(time.Unix(0, c.conn.dated.Load()))
	return c.conn.serverTime().Add(max(ago, 0)), true
}

// Requests says what the client has sent and received so far.
func (c *Client) Requests() Meter { return c.conn.meter.read() }

// Warnings lists what the server sent and the client could not read, each once, at most 50. The rest of the answer was used.
func (c *Client) Warnings() []string { return c.conn.notes.read() }
