package airflowclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
)

// sixteen runs a call sixteen times at once.
func sixteen(call func()) {
	var calls sync.WaitGroup
	for range 16 {
		calls.Go(call)
	}
	calls.Wait()
}

// slowly is a route that takes a second, so that requests pile up behind it.
func slowly(route http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second)
		route(w, r)
	}
}

func TestSixteenRequestsLogInOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		expire  time.Duration // between the first request and the sixteen
		accepts string        // what the server takes from then on; empty: anything
		want    int           // tokens fetched by the sixteen
	}{
		{"with a good token", time.Minute, "", 0},
		{"with a token that is about to end", time.Hour - time.Minute, "", 1},
		{"with a token that the server refuses", time.Minute, "Bearer " + jwt(2, time.Hour), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				route := slowly(answer(200, `{"dag_id": "x"}`))
				if test.accepts != "" {
					route = slowly(accepting(test.accepts))
				}
				f := newFake(apiV2, map[string]http.HandlerFunc{
					"GET /api/v2/dags/x": inTurn(answer(200, `{"dag_id": "x"}`), route), "POST /auth/token": slowly(tokens(time.Hour)),
				})
				c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)})
				if _, err := c.DAG(t.Context(), "x"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(test.expire)
				sixteen(func() {
					if _, err := c.DAG(t.Context(), "x"); err != nil {
						t.Error(err)
					}
				})
				if got := len(f.requests("/auth/token")) - 1; got != test.want {
					t.Errorf("fetched %d tokens, want %d", got, test.want)
				}
			})
		})
	}
}

func TestSixteenRequestsFirstLogInOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2/dags/x": answer(200, `{"dag_id": "x"}`), "POST /auth/token": slowly(tokens(time.Hour))})
		c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)})
		sixteen(func() {
			if _, err := c.DAG(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
		if tokens, probes := len(f.requests("/auth/token")), len(f.requests("/api/v2/version")); tokens != 1 || probes != 1 {
			t.Errorf("%d tokens and %d version probes, want one of each", tokens, probes)
		}
	})
}

// A password that is tried sixteen times in a second locks the account in many places.
func TestWrongPasswordIsTriedOnceForSixteenRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(apiV2, map[string]http.HandlerFunc{"POST /auth/token": slowly(answer(401, `{"detail": "Invalid credentials"}`))})
		c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)})
		if _, err := c.Server(t.Context()); err != nil {
			t.Fatal(err)
		}
		sixteen(func() {
			if _, err := c.DAG(t.Context(), "x"); !airflowclient.IsAuth(err) {
				t.Errorf("got %v", err)
			}
		})
		if got := len(f.requests("/auth/token")); got != 1 {
			t.Errorf("tried %d times, want once", got)
		}
		if _, err := c.DAG(t.Context(), "x"); !airflowclient.IsAuth(err) || len(f.requests("/auth/token")) != 2 {
			t.Errorf("a later request did not try again: %v", err)
		}
	})
}

func TestTokenOfACacheIsRenewedInTime(t *testing.T) {
	t.Parallel()
	issued := time.Unix(1000, 0).UTC() // what jwt says
	for _, test := range []struct {
		name   string
		server time.Time // its clock when the token is fetched
		token  airflowclient.Token
		idle   time.Duration // until the next request
		want   int
	}{
		{"fresh", issued, airflowclient.Token{Value: airflowclient.NewSecret(jwt(1, time.Hour))}, 47 * time.Minute, 1},
		{"50 minutes old", issued.Add(50 * time.Minute), airflowclient.Token{Value: airflowclient.NewSecret(jwt(1, time.Hour))}, 8 * time.Minute, 2},
		{"50 minutes old, not yet due", issued.Add(50 * time.Minute), airflowclient.Token{Value: airflowclient.NewSecret(jwt(1, time.Hour))}, 7 * time.Minute, 1},
		{"ended by the server's clock, which is wrong then", issued.Add(9 * time.Hour), airflowclient.Token{Value: airflowclient.NewSecret(jwt(1, time.Hour))}, 47 * time.Minute, 1},
		{"opaque", issued, airflowclient.Token{Value: airflowclient.NewSecret("ya29.x")}, 100 * time.Hour, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dated := func(route http.HandlerFunc) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Date", test.server.Format(http.TimeFormat))
					route(w, r)
				}
			}
			f := newFake(apiV2, map[string]http.HandlerFunc{
				"GET /api/v2/dags/x":  dated(answer(200, `{"dag_id": "x"}`)),
				"GET /api/v2/version": dated(answer(200, `{"version": "3.3.2"}`)),
			})
			now, asked := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 0
			source := func(context.Context) (airflowclient.Token, error) {
				asked++
				return test.token, nil
			}
			c := newClient(t, f, airflowclient.Config{Auth: late{airflowclient.ExpiringBearer(source, "")}, Now: func() time.Time { return now }})
			for range 2 {
				if _, err := c.DAG(t.Context(), "x"); err != nil {
					t.Fatal(err)
				}
				now = now.Add(test.idle)
			}
			if asked != test.want {
				t.Errorf("asked %d times, want %d", asked, test.want)
			}
		})
	}
}

// late puts credentials on all requests but the version probe, so that the server's clock is known when the token is fetched.
type late struct{ airflowclient.Authenticator }

func (l late) Apply(ctx context.Context, req *http.Request) error {
	if req.URL.Path == "/api/v2/version" {
		return nil
	}
	return l.Authenticator.Apply(ctx, req)
}

func TestSourceThatKnowsWhenItsTokenEnds(t *testing.T) {
	t.Parallel()
	now, asked := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 0
	source := func(context.Context) (airflowclient.Token, error) {
		asked++
		return airflowclient.Token{Value: airflowclient.NewSecret(fmt.Sprintf("ya29.%d", asked)), Expires: now.Add(time.Hour)}, nil
	}
	f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2/dags/x": answer(200, `{"dag_id": "x"}`)})
	c := newClient(t, f, airflowclient.Config{Auth: airflowclient.ExpiringBearer(source, ""), Now: func() time.Time { return now }})
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {47 * time.Minute, 1}, {time.Minute, 2}} {
		now = now.Add(step.after)
		if _, err := c.DAG(t.Context(), "x"); err != nil || asked != step.want {
			t.Errorf("after another %s: %d tokens, want %d; %v", step.after, asked, step.want, err)
		}
	}
}

func TestSourceThatKnowsTheNextStep(t *testing.T) {
	t.Parallel()
	source := func(context.Context) (airflowclient.Secret, error) {
		return airflowclient.Secret{}, hinted{errors.New("no login")}
	}
	_, err := newClient(t, newFake(apiV2, nil), airflowclient.Config{Auth: airflowclient.Bearer(source, "gcloud")}).Health(t.Context())
	if e := asError(t, err); e.Kind != airflowclient.KindAuth || e.Hint() != "log in first" {
		t.Errorf("got %v, hint %q", err, e.Hint())
	}
}

type hinted struct{ error }

func (hinted) Hint() string { return "log in first" }
