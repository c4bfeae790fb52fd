package airflowclient_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
)

var admin = airflowclient.Login{User: "admin", Password: airflowclient.NewSecret("canary-pw"), Source: "AIRFLOW_PASSWORD"}

// jwt is a token of the given life whose claims name n, so that tokens differ.
func jwt(n int, life time.Duration) string {
	claims := fmt.Sprintf(`{"n": %d, "iat": 1000, "exp": %d}`, n, 1000+int(life.Seconds()))
	return "h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s"
}

// tokens is a token endpoint that gives a new token each time.
func tokens(life time.Duration) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		token := jwt(n, life)
		mu.Unlock()
		answer(http.StatusCreated, fmt.Sprintf(`{"access_token": %q}`, token))(w, r)
	}
}

// accepting answers with a DAG when the request carries the Authorization, and otherwise as Airflow 3 does to a token that it has not signed.
func accepting(authorization string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			answer(http.StatusForbidden, `{"detail": "Invalid JWT token"}`)(w, r)
			return
		}
		answer(http.StatusOK, `{"dag_id": "x"}`)(w, r)
	}
}

func TestAutoPicksByVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		api   api
		login airflowclient.Login
		want  string
	}{
		{"basic on 2", apiV1, admin, "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:canary-pw"))},
		{"token on 3", apiV2, admin, "Bearer " + jwt(1, time.Hour)},
		{"nothing on 2 without a user", apiV1, airflowclient.Login{}, ""},
		{"everybody's token on 3 without a user", apiV2, airflowclient.Login{}, "Bearer " + jwt(1, time.Hour)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			method := "POST"
			if test.login.User == "" {
				method = "GET"
			}
			f := newFake(test.api, map[string]http.HandlerFunc{
				"GET " + test.api.prefix + "/dags/x": accepting(test.want), method + " /auth/token": tokens(time.Hour),
			})
			c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(test.login)})
			if _, err := c.DAG(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			for _, r := range f.seen {
				if strings.HasSuffix(r.Path, "/version") && r.Header.Get("Authorization") != "" {
					t.Error("the version probe carried credentials")
				}
			}
			if sent := f.requests("/auth/token"); method == "POST" && test.api == apiV2 && sent[0].Body != `{"password":"canary-pw","username":"admin"}` {
				t.Errorf("exchange sent %s", sent[0].Body)
			}
		})
	}
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // far from the token's own clock: only the length of its life counts
	f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2/dags/x": answer(200, `{"dag_id": "x"}`), "POST /auth/token": tokens(time.Hour)})
	c := newClient(t, f, airflowclient.Config{Auth: airflowclient.TokenExchange(admin), Now: func() time.Time { return now }})
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {47 * time.Minute, 1}, {time.Minute, 2}} {
		now = now.Add(step.after)
		if _, err := c.DAG(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		if got := len(f.requests("/auth/token")); got != step.want {
			t.Errorf("after another %s: %d tokens, want %d", step.after, got, step.want)
		}
	}
}

func TestRefusedTokenIsRenewedOnceForAllRequests(t *testing.T) {
	t.Parallel()
	second := "Bearer " + jwt(2, time.Hour)
	f := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/dags/x": accepting(second), "PATCH /api/v2/dags/x": accepting(second), "POST /auth/token": tokens(time.Hour),
	})
	c := newClient(t, f, airflowclient.Config{Auth: airflowclient.TokenExchange(admin)})
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := c.DAG(t.Context(), "x"); err != nil {
				t.Error(err)
			}
			if err := c.SetPaused(t.Context(), "x", true); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got := len(f.requests("/auth/token")); got != 2 {
		t.Errorf("fetched %d tokens, want 2", got)
	}
}

func TestRefusedAgainIsSurfaced(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{
				"GET " + a.prefix + "/dags/x": answer(401, `{"detail": "Invalid credentials"}`), "POST /auth/token": tokens(time.Hour),
			})
			_, err := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)}).DAG(t.Context(), "x")
			e := asError(t, err)
			if want := `check the password of user "admin" (from AIRFLOW_PASSWORD)`; !airflowclient.IsAuth(err) || e.Hint() != want {
				t.Errorf("got %v, hint %q", err, e.Hint())
			}
			if n := len(f.requests(a.prefix + "/dags/x")); n > 2 {
				t.Errorf("sent %d times, want at most 2", n)
			}
		})
	}
}

func TestTokenEndpointFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		login airflowclient.Login
		route http.HandlerFunc
		hint  string
	}{
		{"wrong password", admin, answer(401, `{"detail": "Invalid credentials"}`), `check the password of user "admin" (from AIRFLOW_PASSWORD)`},
		{"no such endpoint", admin, answer(404, `{"detail": "Not Found"}`), "this server exchanges no passwords for tokens; use a bearer token"},
		{"not all are admins", airflowclient.Login{}, answer(403, `{"detail": "only if all_admins"}`), "this Airflow wants a user and a password, or a bearer token"},
		{"no token in the answer", admin, answer(201, `{}`), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV2, map[string]http.HandlerFunc{"POST /auth/token": test.route, "GET /auth/token": test.route})
			_, err := newClient(t, f, airflowclient.Config{Auth: airflowclient.TokenExchange(test.login)}).Health(t.Context())
			if e := asError(t, err); e.Kind != airflowclient.KindAuth || e.Op != "get a token" || e.Hint() != test.hint {
				t.Errorf("got %v, hint %q", err, e.Hint())
			}
		})
	}
}

func TestBearerAsksItsSourceOnceAndAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	asked := 0
	source := func(context.Context) (airflowclient.Secret, error) {
		asked++
		return airflowclient.NewSecret(fmt.Sprintf("t%d", asked)), nil
	}
	f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2/dags/x": inTurn(accepting("Bearer t1"), accepting("Bearer t2"))})
	c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Bearer(source, "gcloud")})
	for range 3 {
		if _, err := c.DAG(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
	if got := f.requests("/api/v2/version")[0].Header.Get("Authorization"); got != "Bearer t1" {
		t.Errorf("the probe carried %q; a gateway would refuse it", got)
	}
}

func TestBearerWhoseSourceFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("gcloud: not logged in")
	source := func(context.Context) (airflowclient.Secret, error) { return airflowclient.Secret{}, cause }
	_, err := newClient(t, newFake(apiV2, nil), airflowclient.Config{Auth: airflowclient.Bearer(source, "token command")}).Health(t.Context())
	e := asError(t, err)
	if e.Kind != airflowclient.KindAuth || !errors.Is(err, cause) || e.Hint() != "check the bearer token (from token command)" {
		t.Errorf("got %v, hint %q", err, e.Hint())
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	type holder struct{ hidden airflowclient.Secret }
	secret := airflowclient.NewSecret("canary-pw")
	text, err := json.Marshal(map[string]any{"s": secret, "l": admin})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("login", "secret", secret, "login", admin)
	printed := []string{
		string(text), log.String(), fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q %x %d", secret, secret, secret, secret, secret, secret, secret),
		fmt.Sprintf("%v %+v %#v", holder{secret}, holder{secret}, holder{secret}), fmt.Sprintf("%+v %#v", admin, airflowclient.Basic(admin)),
		fmt.Sprintf("%+v", airflowclient.TokenExchange(admin)), fmt.Sprintf("%+v", airflowclient.Config{Auth: airflowclient.Auto(admin)}),
	}
	for _, p := range printed {
		if strings.Contains(p, "canary") || strings.Contains(p, fmt.Sprintf("%x", "canary")) {
			t.Errorf("printed: %s", p)
		}
	}
	if secret.Reveal() != "canary-pw" || secret.IsZero() || !(airflowclient.Secret{}).IsZero() {
		t.Error("the secret itself is lost")
	}
}

func TestCredentialsDoNotReachErrors(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, route := range []http.HandlerFunc{answer(401, `{}`), answer(500, `oops`), typed(200, "text/html", "<html>"), answer(200, "{")} {
				f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags/x": route, "POST /auth/token": tokens(time.Hour)})
				_, err := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)}).DAG(t.Context(), "x")
				e := asError(t, err)
				if text := fmt.Sprintf("%v %+v %#v %s", err, e, e, e.Hint()); strings.Contains(text, "canary") || strings.Contains(text, "Bearer") {
					t.Errorf("the error holds credentials: %s", text)
				}
			}
		})
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, url string
		auth      airflowclient.Authenticator
		refused   bool
	}{
		{"none", "", nil, true},
		{"no scheme", "localhost:8080", nil, true},
		{"another scheme", "ftp://airflow", nil, true},
		{"with credentials", "https://u:canary@airflow", nil, true},
		{"plain http with a password", "http://airflow.example.com", airflowclient.Basic(admin), true},
		{"plain http with a token", "http://airflow.example.com", airflowclient.Bearer(nil, ""), true},
		{"plain http without credentials", "http://airflow.example.com", airflowclient.None(), false},
		{"plain http with nothing to lose", "http://airflow.example.com", airflowclient.Auto(airflowclient.Login{}), false},
		{"loopback name", "http://localhost:8080", airflowclient.Basic(admin), false},
		{"loopback address", "http://127.1.2.3:8080", airflowclient.Basic(admin), false},
		{"loopback of IPv6", "http://[::1]:8080", airflowclient.Basic(admin), false},
		{"a name that only begins like it", "http://localhost.example.com", airflowclient.Basic(admin), true},
		{"https", "https://airflow.example.com", airflowclient.Basic(admin), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := airflowclient.New(airflowclient.Config{URL: test.url, Auth: test.auth})
			if (err != nil) != test.refused {
				t.Fatalf("got %v", err)
			}
			if err != nil && (asError(t, err).Hint() == "" || strings.Contains(err.Error(), "canary")) {
				t.Errorf("got %v, hint %q", err, asError(t, err).Hint())
			}
		})
	}
}

func TestPathPrefixAndCopiedTails(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, tail := range []string{"", "/", a.prefix, a.prefix + "/", "/home"} {
				f := &fake{routes: map[string]http.HandlerFunc{
					"GET /dep/abc" + a.prefix + "/version": answer(200, fmt.Sprintf(`{"version": %q}`, a.version)),
					"GET /dep/abc" + a.prefix + "/dags/x":  answer(200, `{"dag_id": "x"}`),
				}}
				c := newClient(t, f, airflowclient.Config{URL: "https://airflow.example.com/dep/abc" + tail})
				if _, err := c.DAG(t.Context(), "x"); err != nil {
					t.Errorf("%q: %v", tail, err)
				}
			}
		})
	}
}

func TestWaitingForATokenEndsWithTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		source := func(context.Context) (airflowclient.Secret, error) {
			<-release
			return airflowclient.NewSecret("t"), nil
		}
		c := newClient(t, newFake(apiV2, nil), airflowclient.Config{Auth: airflowclient.Bearer(source, "")})
		go func() { _, _ = c.Server(context.Background()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Server(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
	})
}

// Airflow 2.11 answers 403 to a wrong password, as it does to a user who may not do a thing.
func TestForbiddenIsAWrongPasswordUntilThePasswordWasGood(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{
				"GET " + a.prefix + "/health": answer(200, `{}`), "GET " + a.prefix + "/monitor/health": answer(200, `{}`),
				"GET " + a.prefix + "/dags/x": inTurn(answer(403, `{"detail": "Forbidden"}`), answer(200, `{"dag_id": "x"}`), answer(403, `{"detail": "Forbidden"}`)),
				"POST /auth/token":            tokens(time.Hour),
			})
			c := newClient(t, f, airflowclient.Config{Auth: airflowclient.Auto(admin)})
			if _, err := c.Health(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, first := c.DAG(t.Context(), "x")
			_, second := c.DAG(t.Context(), "x")
			_, third := c.DAG(t.Context(), "x")
			// On Airflow 3 the exchange of the password has shown that it is right.
			if airflowclient.IsAuth(first) != (a == apiV1) || second != nil || !airflowclient.IsPermission(third) {
				t.Errorf("got %v, %v, %v", first, second, third)
			}
			if hint := asError(t, first).Hint(); a == apiV1 && !strings.HasPrefix(hint, `check the password of user "admin" (from AIRFLOW_PASSWORD); if`) {
				t.Errorf("hint %q", hint)
			}
		})
	}
}
