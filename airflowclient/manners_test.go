package airflowclient_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// retryIn is an answer that asks to come back later.
func retryIn(status int, header string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", header)
		w.Header().Set("Date", "Mon, 01 Jan 2024 00:00:00 GMT")
		w.WriteHeader(status)
	}
}

// broken are attempts that end without an answer.
func broken(after int, ok http.RoundTripper) transport {
	var n atomic.Int32
	return func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/version") || int(n.Add(1)) > after {
			return ok.RoundTrip(req)
		}
		return nil, errors.New("connection reset by peer")
	}
}

func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	ok := answer(200, `{"dag_id": "x"}`)
	for _, test := range []struct {
		name     string
		route    []http.HandlerFunc // in turn
		sent     int
		shortest time.Duration
		longest  time.Duration
		kind     airflowclient.Kind
		fails    bool
	}{
		{"503, then well", []http.HandlerFunc{answer(503, ""), ok}, 2, 100 * time.Millisecond, time.Second, 0, false},
		{"502 and 429, then well", []http.HandlerFunc{answer(502, ""), answer(429, ""), ok}, 3, 200 * time.Millisecond, 3 * time.Second, 0, false},
		{"503 for ever", []http.HandlerFunc{answer(503, `{"detail": "database is locked"}`)}, 3, 200 * time.Millisecond, 3 * time.Second, airflowclient.KindServer, true},
		{"Retry-After in seconds", []http.HandlerFunc{retryIn(429, "20"), ok}, 2, 20 * time.Second, 20 * time.Second, 0, false},
		{"Retry-After as a date by the server's clock", []http.HandlerFunc{retryIn(503, "Mon, 01 Jan 2024 00:00:30 GMT"), ok}, 2, 30 * time.Second, 30 * time.Second, 0, false},
		{"Retry-After beyond patience", []http.HandlerFunc{retryIn(503, "3600")}, 1, 0, 0, airflowclient.KindServer, true},
		{"429 for ever", []http.HandlerFunc{retryIn(429, "")}, 3, 200 * time.Millisecond, 3 * time.Second, airflowclient.KindRateLimited, true},
		{"405 is not repeated", []http.HandlerFunc{answer(405, "")}, 1, 0, 0, airflowclient.KindUnsupported, true},
		{"a date that has passed", []http.HandlerFunc{retryIn(503, "Sun, 31 Dec 2023 23:00:00 GMT"), ok}, 2, 100 * time.Millisecond, time.Second, 0, false},
		{"500 is not repeated", []http.HandlerFunc{answer(500, "")}, 1, 0, 0, airflowclient.KindServer, true},
		{"404 is not repeated", []http.HandlerFunc{answer(404, "")}, 1, 0, 0, airflowclient.KindNotFound, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags/x": inTurn(test.route...)})
						c := newClient(t, f, airflowclient.Config{})
						began := time.Now()
						_, err := c.DAG(t.Context(), "x")
						if took := time.Since(began); took < test.shortest || took > test.longest {
							t.Errorf("took %s, want %s to %s", took, test.shortest, test.longest)
						}
						if got := len(f.requests("")); got != test.sent || c.Requests().Retries != test.sent-1 {
							t.Errorf("sent %d times, %d of them repetitions; want %d", got, c.Requests().Retries, test.sent)
						}
						if (err != nil) != test.fails || err != nil && asError(t, err).Kind != test.kind {
							t.Errorf("got %v", err)
						}
					})
				})
			}
		})
	}
}

func TestReadSurvivesBrokenConnectionsAndCutBodies(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(a, map[string]http.HandlerFunc{"POST " + a.prefix + "/dags/~/dagRuns/list": answer(200, `{"total_entries": 0, "dag_runs": []}`)})
				cut := transport(func(req *http.Request) (*http.Response, error) {
					resp, err := f.RoundTrip(req)
					if len(f.requests("")) == 1 && err == nil && !strings.HasSuffix(req.URL.Path, "/version") {
						resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, 5), failing{}))
					}
					return resp, err
				})
				c := newClient(t, broken(1, cut), airflowclient.Config{})
				if _, err := c.Runs(t.Context(), airflowclient.RunQuery{}); err != nil {
					t.Fatal(err)
				}
				for _, r := range f.requests("") {
					if !strings.Contains(r.Body, "page_limit") {
						t.Errorf("a repetition lost its body: %q", r.Body)
					}
				}
			})
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestChangesAreSentOnce(t *testing.T) {
	t.Parallel()
	for _, change := range []struct {
		name, route string
		call        func(context.Context, *airflowclient.Client) error
	}{
		{"trigger", "POST /dags/x/dagRuns", func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Trigger(ctx, airflowclient.TriggerRequest{DAGID: "x"})
			return err
		}},
		{"pause", "PATCH /dags/x", func(ctx context.Context, c *airflowclient.Client) error { return c.SetPaused(ctx, "x", true) }},
		{"clear", "POST /dags/x/clearTaskInstances", func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x"})
			return err
		}},
		{"reparse", "PUT /parseDagFile/f", func(ctx context.Context, c *airflowclient.Client) error { return c.Reparse(ctx, "f") }},
		{"raw", "DELETE /dags/x", func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Raw(ctx, http.MethodDelete, "/dags/x", nil)
			return err
		}},
	} {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					method, path, _ := cutRoute(change.route)
					f := newFake(a, map[string]http.HandlerFunc{method + " " + a.prefix + path: answer(503, "")})
					if err := change.call(t.Context(), newClient(t, f, airflowclient.Config{})); err == nil {
						t.Error("no error")
					}
					c := newClient(t, broken(1, f), airflowclient.Config{})
					if err := change.call(t.Context(), c); !airflowclient.IsUnavailable(err) {
						t.Errorf("got %v", err)
					}
					if got := len(f.requests("")); got != 1 {
						t.Errorf("sent %d times besides the broken one, want 1", got)
					}
				})
			}
		})
	}
}

func TestDryRunIsARead(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(a, map[string]http.HandlerFunc{
					"POST " + a.prefix + "/dags/x/clearTaskInstances": inTurn(answer(503, ""), answer(200, `{"task_instances": []}`)),
				})
				if _, err := newClient(t, f, airflowclient.Config{}).Clear(t.Context(), airflowclient.ClearRequest{DAGID: "x", DryRun: true}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSlowServerIsATimeout(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(a, nil)
				c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
					if strings.HasSuffix(req.URL.Path, "/version") {
						return f.RoundTrip(req)
					}
					<-req.Context().Done()
					return nil, req.Context().Err()
				}), airflowclient.Config{Timeout: 10 * time.Second, MaxTries: 2})
				_, err := c.DAG(t.Context(), "x")
				if e := asError(t, err); e.Kind != airflowclient.KindTimeout || !strings.Contains(e.Detail, "10s") {
					t.Errorf("got %v", err)
				}
				if got := c.Requests().ByOp["read DAG"]; got != 2 {
					t.Errorf("sent %d times, want 2", got)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := c.DAG(ctx, "x"); asError(t, err).Kind != airflowclient.KindTimeout {
					t.Errorf("with a deadline: %v", err)
				}
			})
		})
	}
}

func TestPatienceBoundsAReadWithItsRepetitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(apiV2, nil)
		c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/version") {
				return f.RoundTrip(req)
			}
			<-req.Context().Done()
			return nil, req.Context().Err()
		}), airflowclient.Config{Timeout: 30 * time.Second, Patience: 45 * time.Second, MaxTries: 9})
		began := time.Now()
		_, err := c.DAG(t.Context(), "x")
		if e := asError(t, err); e.Kind != airflowclient.KindTimeout || !strings.Contains(e.Detail, "45s") || time.Since(began) != 45*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// A server that has had enough of one request has had enough of all: 429 with Retry-After holds back the whole client.
func TestRateLimitHoldsBackAllRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(apiV2, map[string]http.HandlerFunc{
			"GET /api/v2/dags/x":   inTurn(retryIn(429, "20"), answer(200, `{"dag_id": "x"}`)),
			"GET /api/v2/dags/y":   answer(200, `{"dag_id": "y"}`),
			"PATCH /api/v2/dags/y": answer(200, `{}`),
		})
		c := newClient(t, f, airflowclient.Config{})
		var calls sync.WaitGroup
		calls.Go(func() { _, _ = c.DAG(t.Context(), "x") })
		synctest.Wait()
		began := time.Now()
		if _, err := c.DAG(t.Context(), "y"); err != nil {
			t.Error(err)
		}
		if err := c.SetPaused(t.Context(), "y", true); err != nil {
			t.Error(err)
		}
		calls.Wait()
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("the others went out after %s, want 20s", took)
		}
	})
}

func TestAtMostThreeAreInFlight(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				now, most := 0, 0
				f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags/x": func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					now++
					most = max(most, now)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					now--
					mu.Unlock()
					answer(200, `{"dag_id": "x"}`)(w, r)
				}})
				c := newClient(t, f, airflowclient.Config{})
				began := time.Now()
				var calls sync.WaitGroup
				for range 9 {
					calls.Go(func() {
						if _, err := c.DAG(t.Context(), "x"); err != nil {
							t.Error(err)
						}
					})
				}
				calls.Wait()
				if took := time.Since(began); most != 3 || took != 3*time.Second {
					t.Errorf("%d in flight, all done after %s; want 3 and 3s", most, took)
				}
			})
		})
	}
}

func TestMeterKnowsTheLastMinutePerPurpose(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	f := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/dags/x":         answer(200, `{"dag_id": "x"}`),
		"GET /api/v2/monitor/health": answer(200, `{}`),
		"GET /api/v2/pools":          answer(200, `{}`),
	})
	c := newClient(t, f, airflowclient.Config{Now: func() time.Time { return now }})
	_, _ = c.Raw(t.Context(), "GET", "/pools?limit=1", nil)
	_, _ = c.Raw(t.Context(), "GET", "/pools?limit=2", nil)
	for range 20 {
		now = now.Add(10 * time.Second)
		_, _ = c.DAG(t.Context(), "x")
	}
	_, _ = c.Health(t.Context())
	m := c.Requests()
	want := []airflowclient.Usage{
		{Purpose: "read DAG", Requests: 20, Received: 20 * 15, MinuteRequests: 6, MinuteReceived: 6 * 15},
		{Purpose: "read health", Requests: 1, Received: 2, MinuteRequests: 1, MinuteReceived: 2},
		{Purpose: "GET (raw)", Requests: 2, Received: 4},
		{Purpose: "ask for the version", Requests: 1, Received: m.ByPurpose[3].Received},
	}
	if diff := cmp.Diff(want, m.ByPurpose); diff != "" {
		t.Error(diff)
	}
	if m.Minute.MinuteRequests != 7 || m.Minute.MinuteReceived != 92 || m.Minute.Requests != m.Requests || m.Minute.Received != m.Received {
		t.Errorf("the sum is %+v of %+v", m.Minute, m)
	}
}

func TestMeterCounts(t *testing.T) {
	t.Parallel()
	f := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/dags/x":   answer(200, `{"dag_id": "x"}`),
		"PATCH /api/v2/dags/x": answer(403, `{}`),
	})
	c := newClient(t, f, airflowclient.Config{UserAgent: "tests/1"})
	_, _ = c.DAG(t.Context(), "x")
	_ = c.SetPaused(t.Context(), "x", true)
	m := c.Requests()
	if m.Requests != 3 || m.Failed != 1 || m.Sent != int64(len(`{"is_paused":true}`)) || m.Received == 0 || m.ByOp["read DAG"] != 1 {
		t.Errorf("got %+v", m)
	}
	for _, r := range f.seen {
		if r.Header.Get("User-Agent") != "tests/1" {
			t.Errorf("%s %s came from %q", r.Method, r.Path, r.Header.Get("User-Agent"))
		}
	}
}

// Whoever sends them, three requests are under way: a log that is being read, a token that is being fetched, a feed beside operations.
func TestLogsTokensAndFeedsCountAmongTheThree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			now += by
			most = max(most, now)
		}
		f := newFake(apiV2, map[string]http.HandlerFunc{
			"POST /auth/token":                 slowly(tokens(time.Hour)),
			"GET /api/v2/dags/x":               slowly(answer(200, `{"dag_id": "x"}`)),
			"GET /api/v2/dags":                 slowly(answer(200, `{"dags": [{"dag_id": "x"}], "total_entries": 1}`)),
			"POST /api/v2/dags/~/dagRuns/list": slowly(answer(200, `{"dag_runs": [], "total_entries": 0}`)),
			"GET /api/v2" + logPath:            slowly(answer(200, `{"content": [{"event": "one"}, {"event": "two"}], "continuation_token": null}`)),
		})
		c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
			count(1)
			resp, err := f.RoundTrip(req)
			if err != nil {
				count(-1)
				return resp, err
			}
			resp.Body = &counted{ReadCloser: resp.Body, done: func() { count(-1) }}
			return resp, nil
		}), airflowclient.Config{Auth: airflowclient.Auto(admin)})
		feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{})
		var calls sync.WaitGroup
		for range 5 {
			calls.Go(func() { _, _ = c.DAG(t.Context(), "x") })
			calls.Go(func() {
				if _, err := c.Tail(logRef, false).Read(t.Context(), func(airflowclient.TailLine) { time.Sleep(time.Second) }); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Go(func() { feed.Step(t.Context(), nil) })
		calls.Wait()
		if most != 3 || now != 0 {
			t.Errorf("%d in flight at most, %d at the end; want 3 and 0", most, now)
		}
	})
}

// counted is a body that tells when it is closed.
type counted struct {
	io.ReadCloser
	done func()
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(c.done)
	return c.ReadCloser.Close()
}

// Days are over, and runs have begun, by the server's clock: also when it was heard some time ago.
func TestTheServersClockGoesOnBetweenAnswers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	theirs := now.Add(-3 * time.Hour)
	f := newFake(apiV2, nil)
	f.routes["GET /api/v2/version"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", theirs.Format(http.TimeFormat))
		answer(http.StatusOK, `{"version": "3.3.2"}`)(w, r)
	}
	c := newClient(t, f, airflowclient.Config{Now: func() time.Time { return now }})
	if at, heard := c.ServerTime(); heard {
		t.Errorf("before any answer it is %v", at)
	}
	if _, err := c.Server(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(20 * time.Hour)
	if at, heard := c.ServerTime(); !heard || !at.Equal(theirs.Add(20*time.Hour)) {
		t.Errorf("20 hours later it is %v, want %v", at, theirs.Add(20*time.Hour))
	}
}
