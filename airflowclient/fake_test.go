package airflowclient_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"chrononctl/airflowclient"
)

// api is one of the two REST APIs that a test runs against.
type api struct {
	name    string
	prefix  string
	version string
}

var (
	apiV1 = api{"v1", "/api/v1", "2.11.2"}
	apiV2 = api{"v2", "/api/v2", "3.3.2"}

	bothAPIs = []api{apiV1, apiV2}
)

// request is one that a fake Airflow has seen.
type request struct {
	Method string
	Path   string // escaped
	Query  url.Values
	Header http.Header
	Body   string
}

// fake is an Airflow in the process: a round tripper that answers from a table of routes, "GET /api/v2/dags". The version is there already.
type fake struct {
	mu     sync.Mutex
	routes map[string]http.HandlerFunc
	seen   []request
}

func newFake(a api, routes map[string]http.HandlerFunc) *fake {
	f := &fake{routes: map[string]http.HandlerFunc{}}
	f.routes["GET "+a.prefix+"/version"] = answer(http.StatusOK, fmt.Sprintf(`{"version": %q, "git_version": null}`, a.version))
	maps.Copy(f.routes, routes)
	return f
}

// RoundTrip answers with 404 where no route matches, as Airflow does for an unknown path.
func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	f.mu.Lock()
	f.seen = append(f.seen, request{req.Method, req.URL.EscapedPath(), req.URL.Query(), req.Header.Clone(), string(body)})
	route, ok := f.routes[req.Method+" "+req.URL.EscapedPath()]
	f.mu.Unlock()
	if !ok {
		route = answer(http.StatusNotFound, `{"detail": "Not Found"}`)
	}
	w := httptest.NewRecorder()
	route(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// requests is what came in at a path, without the version probes when path is empty.
func (f *fake) requests(path string) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.seen), func(r request) bool {
		return path != "" && r.Path != path || path == "" && strings.HasSuffix(r.Path, "/version")
	})
}

// answer is a route that always says the same.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// typed is an answer of another content type.
func typed(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// inTurn answers with each route once, and with the last one from then on.
func inTurn(routes ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		route := routes[min(next, len(routes)-1)]
		next++
		mu.Unlock()
		route(w, r)
	}
}

// newClient is a client of the fake with the given settings on top of address and transport.
func newClient(t *testing.T, f http.RoundTripper, cfg airflowclient.Config) *airflowclient.Client {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "http://localhost:8080"
	}
	cfg.Transport = f
	c, err := airflowclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asError is the error of the package in err.
func asError(t *testing.T, err error) *airflowclient.Error {
	t.Helper()
	e, ok := err.(*airflowclient.Error) //nolint:errorlint // The type itself is promised, not only one in the chain.
	if !ok {
		t.Fatalf("error is a %T, want *airflowclient.Error: %v", err, err)
	}
	return e
}

func cutRoute(route string) (method, path string, ok bool) { return strings.Cut(route, " ") }

// decoded is JSON as a value to compare, nil for none.
func decoded(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// below serves the fake under a path prefix.
func below(prefix string, f *fake) http.RoundTripper {
	return transport(func(req *http.Request) (*http.Response, error) {
		stripped := req.Clone(req.Context())
		stripped.URL.Path = strings.TrimPrefix(req.URL.Path, prefix)
		stripped.URL.RawPath = strings.TrimPrefix(req.URL.RawPath, prefix)
		return f.RoundTrip(stripped)
	})
}
