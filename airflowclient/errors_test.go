package airflowclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"chrononctl/airflowclient"
)

func TestAnErrorHasAFewWordsForWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	for kind, want := range map[airflowclient.Kind]string{
		airflowclient.KindAuth: "not signed in", airflowclient.KindPermission: "no permission", airflowclient.KindUnreachable: "no answer",
		airflowclient.KindTimeout: "too slow", airflowclient.KindRateLimited: "too many requests",
	} {
		if got := (&airflowclient.Error{Kind: kind}).Brief(); got != want {
			t.Errorf("%v is %q in brief, want %q", kind, got, want)
		}
	}
}

func TestServerWordsReachTheError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		route  http.HandlerFunc
		kind   airflowclient.Kind
		detail string
	}{
		{"problem+json", typed(404, "application/problem+json", `{"type": "about:blank", "title": "DAG not found", "status": 404, "detail": "DAG with dag_id: 'x' not found"}`),
			airflowclient.KindNotFound, "DAG with dag_id: 'x' not found"},
		{"problem+json without detail", typed(404, "application/problem+json", `{"title": "XCom entry not found", "status": 404, "detail": null}`),
			airflowclient.KindNotFound, "XCom entry not found"},
		{"FastAPI string", answer(404, `{"detail": "Not Found"}`), airflowclient.KindNotFound, "Not Found"},
		{"FastAPI object", answer(409, `{"detail": {"statement": "hidden", "orig_error": "hidden", "reason": "Unique constraint violation", "more": {"a": 1}}}`),
			airflowclient.KindConflict, `reason: Unique constraint violation; more: {"a": 1}`},
		{"FastAPI list", answer(422, `{"detail": [{"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required", "input": {}},
			{"loc": ["query", "limit", 0], "msg": "Input\nshould be an integer"}]}`),
			airflowclient.KindInvalid, "body.logical_date: Field required; query.limit.0: Input should be an integer"},
		{"HTML with a title", typed(500, "text/html", `<!DOCTYPE html><html><head><title>Airflow &amp; you</title></head></html>`),
			airflowclient.KindServer, `an HTML page, "Airflow & you"`},
		{"HTML without a title", typed(500, "text/html; charset=utf-8", `<html><style>b{}</style><body><h1>Ooops!</h1> Something bad</body></html>`),
			airflowclient.KindServer, `an HTML page, "Ooops! Something bad"`},
		{"text", typed(400, "text/plain", "bad\x1b[31m request\n"), airflowclient.KindInvalid, "bad [31m request"},
		{"nothing", typed(401, "text/plain", ""), airflowclient.KindAuth, ""},
		{"gateway timeout", typed(504, "text/plain", "late"), airflowclient.KindTimeout, "late"},
		{"HTML with status 200", typed(200, "text/html", `<html><title>Sign in</title></html>`),
			airflowclient.KindNotAirflow, `the answer is an HTML page, "Sign in"`},
		{"JSON that is cut off", answer(200, `{"dag_id": "x"`), airflowclient.KindServer, "the answer cannot be read: no JSON"},
		{"JSON of another thing", answer(200, `{"hello": "world"}`), airflowclient.KindServer, "the answer cannot be read: it does not say which DAG it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags/x": test.route})
					_, err := newClient(t, f, airflowclient.Config{MaxTries: 1}).DAG(t.Context(), "x")
					e := asError(t, err)
					if e.Kind != test.kind || e.Detail != test.detail || e.Op != "read DAG" {
						t.Errorf("got %q, kind %q, detail %q; want kind %q, detail %q", e.Op, e.Kind, e.Detail, test.kind, test.detail)
					}
					if want := "http://localhost:8080" + a.prefix + "/dags/x"; e.URL != want {
						t.Errorf("URL %q, want %q", e.URL, want)
					}
				})
			}
		})
	}
}

func TestErrorReadsAsOneSentence(t *testing.T) {
	t.Parallel()
	e := &airflowclient.Error{Op: "read DAG", Kind: airflowclient.KindNotFound, Status: 404, Detail: "DAG x not found"}
	if got, want := e.Error(), "read DAG: not found (HTTP 404): DAG x not found"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if wrapped := fmt.Errorf("deploy: %w", e); !airflowclient.IsNotFound(wrapped) || airflowclient.IsConflict(wrapped) {
		t.Error("the kind is not found through a wrapping error")
	}
}

func TestProbeDecidesByVersionNumber(t *testing.T) {
	t.Parallel()
	version := func(v string) http.HandlerFunc { return answer(200, fmt.Sprintf(`{"version": %q}`, v)) }
	login := typed(200, "text/html", "<html><title>Sign in</title></html>")
	for _, test := range []struct {
		name    string
		routes  map[string]http.HandlerFunc
		api     int
		version string
		kind    airflowclient.Kind
	}{
		{"Airflow 3", map[string]http.HandlerFunc{"GET /api/v2/version": version("3.0.0rc2")}, 2, "3.0.0rc2", 0},
		{"Airflow 2", map[string]http.HandlerFunc{"GET /api/v1/version": version("2.6.3")}, 1, "2.6.3", 0},
		{"an Airflow 2 that serves paths below v2", map[string]http.HandlerFunc{
			"GET /api/v2/version": version("2.10.5+astro.4"), "GET /api/v1/version": version("2.10.5+astro.4"),
		}, 1, "2.10.5+astro.4", 0},
		{"an Airflow 2 behind a page for unknown paths", map[string]http.HandlerFunc{"GET /api/v2/version": login, "GET /api/v1/version": version("2.11.2")}, 1, "2.11.2", 0},
		{"too old", map[string]http.HandlerFunc{"GET /api/v1/version": version("2.5.3")}, 0, "", airflowclient.KindTooOld},
		{"nothing there", nil, 0, "", airflowclient.KindNotAirflow},
		{"a login page", map[string]http.HandlerFunc{"GET /api/v2/version": login, "GET /api/v1/version": login}, 0, "", airflowclient.KindNotAirflow},
		{"JSON without a version", map[string]http.HandlerFunc{"GET /api/v2/version": answer(200, `{"status": "ok"}`)}, 0, "", airflowclient.KindNotAirflow},
		{"a gateway that wants credentials", map[string]http.HandlerFunc{"GET /api/v2/version": answer(401, ""), "GET /api/v1/version": answer(401, "")}, 0, "", airflowclient.KindAuth},
		{"a server that fails", map[string]http.HandlerFunc{"GET /api/v2/version": answer(500, "")}, 0, "", airflowclient.KindServer},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{routes: test.routes}
			server, err := newClient(t, f, airflowclient.Config{}).Server(t.Context())
			if test.api == 0 {
				e := asError(t, err)
				if e.Kind != test.kind || e.Hint() == "" && e.Kind != airflowclient.KindServer {
					t.Errorf("kind %q, hint %q: %v; want kind %q", e.Kind, e.Hint(), err, test.kind)
				}
				return
			}
			if err != nil || server.API != test.api || server.Version != test.version {
				t.Errorf("got %+v, %v", server, err)
			}
		})
	}
}

func TestProbeHappensOnceAndAFailureIsNotKept(t *testing.T) {
	t.Parallel()
	f := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/version": inTurn(answer(500, ""), answer(200, `{"version": "3.3.2"}`)),
		"GET /api/v2/dags/x":  answer(200, `{"dag_id": "x"}`),
	})
	c := newClient(t, f, airflowclient.Config{})
	if _, err := c.DAG(t.Context(), "x"); err == nil {
		t.Fatal("the first call succeeded without a version")
	}
	for range 3 {
		if _, err := c.DAG(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.requests("/api/v2/version")); n != 2 {
		t.Errorf("asked for the version %d times, want 2", n)
	}
}

func TestUnreachableNamesTheAddressAndTheCause(t *testing.T) {
	t.Parallel()
	refused := errors.New("connect: connection refused")
	c := newClient(t, transport(func(*http.Request) (*http.Response, error) { return nil, refused }), airflowclient.Config{MaxTries: 1})
	_, err := c.Health(t.Context())
	e := asError(t, err)
	if !airflowclient.IsUnavailable(err) || !errors.Is(err, refused) || e.Detail != refused.Error() || !strings.Contains(e.Hint(), "http://localhost:8080") {
		t.Errorf("got %v, hint %q", err, e.Hint())
	}
}

func TestCancelledCallIsCancelledNotUnreachable(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			f := newFake(a, nil)
			c := newClient(t, f, airflowclient.Config{})
			if _, err := c.Server(ctx); err != nil {
				t.Fatal(err)
			}
			cancel()
			_, err := c.DAG(ctx, "x")
			if !errors.Is(err, context.Canceled) || airflowclient.IsUnavailable(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// transport is a function as a round tripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestRedirectsToElsewhereAreNotFollowed(t *testing.T) {
	t.Parallel()
	to := func(target string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		}
	}
	for _, test := range []struct {
		name, target string
		kind         airflowclient.Kind
		hint         string
	}{
		{"a login page of another host", "https://sso.example.com/authorize?client=secret", airflowclient.KindAuth, "login page"},
		{"the same path at the real address", "https://airflow.example.com/api/v2/dags/x", airflowclient.KindNotAirflow, "use https://airflow.example.com as the address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var hosts []string
			f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2/dags/x": to(test.target)})
			c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
				hosts = append(hosts, req.URL.Host)
				return f.RoundTrip(req)
			}), airflowclient.Config{Auth: airflowclient.Basic(airflowclient.Login{User: "u", Password: airflowclient.NewSecret("p")})})
			_, err := c.DAG(t.Context(), "x")
			e := asError(t, err)
			if e.Kind != test.kind || !strings.Contains(e.Hint(), test.hint) || strings.Contains(e.Error(), "secret") {
				t.Errorf("got %v, hint %q", err, e.Hint())
			}
			for _, host := range hosts {
				if host != "localhost:8080" {
					t.Errorf("a request went to %s", host)
				}
			}
		})
	}
}

func TestRedirectWithinTheServerIsFollowedForReadsOnly(t *testing.T) {
	t.Parallel()
	moved := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/api/v2/dags/y")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	f := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/dags/x": moved, "PATCH /api/v2/dags/x": moved,
		"GET /api/v2/dags/y": answer(200, `{"dag_id": "y"}`), "PATCH /api/v2/dags/y": answer(200, `{}`),
	})
	c := newClient(t, f, airflowclient.Config{})
	if dag, err := c.DAG(t.Context(), "x"); err != nil || dag.ID != "y" {
		t.Errorf("read: %v, %v", dag, err)
	}
	if err := c.SetPaused(t.Context(), "x", true); err == nil {
		t.Error("a change was sent to an address that nobody configured")
	}
}
