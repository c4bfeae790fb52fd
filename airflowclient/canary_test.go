package airflowclient_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"

	"chrononctl/airflowclient"
)

// canary is a secret whose escaped forms all differ from it.
const canary = "kanarie&vogel/geel+7=\"<é>"

// written are the forms in which a secret may turn up.
func written(secret string) []string {
	quoted, _ := json.Marshal(secret)
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`), html.EscapeString(secret), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte("ana:" + secret)),
	}
}

// leaks are the forms of the secrets that a text holds.
func leaks(text string, secrets ...string) []string {
	var found []string
	for _, secret := range secrets {
		for _, form := range written(secret) {
			if strings.Contains(text, form) {
				found = append(found, form)
			}
		}
	}
	return found
}

// echo answers with everything that it was asked, in each of the ways in which servers say things.
func echo(status int) []http.HandlerFunc {
	said := func(r *http.Request) string {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		return fmt.Sprintf("%s %s %q %s", r.Method, r.URL, r.Header, body)
	}
	encoded := func(text string) string {
		b, _ := json.Marshal(text)
		return string(b)
	}
	form := func(contentType string, text func(r *http.Request) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { typed(status, contentType, text(r))(w, r) }
	}
	secret := func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") }
	return []http.HandlerFunc{
		form("application/json", func(r *http.Request) string { return `{"detail": ` + encoded(said(r)) + `}` }),
		form("application/problem+json", func(r *http.Request) string { return `{"title": ` + encoded(said(r)) + `}` }),
		form("application/json", func(r *http.Request) string {
			return `{"detail": [{"loc": ["header"], "msg": ` + encoded(secret(r)) + `, "input": ` + encoded(said(r)) + `}]}`
		}),
		form("application/json", func(r *http.Request) string { return `{"detail": {"reason": ` + encoded(secret(r)) + `}}` }),
		form("text/html", func(r *http.Request) string {
			return "<html><title>" + html.EscapeString(secret(r)) + "</title><body>" + html.EscapeString(said(r)) + "</body></html>"
		}),
		form("text/html", func(r *http.Request) string { return "<html><body>" + html.EscapeString(secret(r)) + "</body></html>" }),
		form("text/plain", said),
		form("text/plain", func(r *http.Request) string { return url.QueryEscape(secret(r)) + " " + r.Header.Get("Cookie") }),
		form("text/plain", func(r *http.Request) string { return strings.Repeat("x", 385) + " " + secret(r) }), // cut in the middle of it
		form("text/plain", func(r *http.Request) string { return base64.StdEncoding.EncodeToString([]byte(secret(r))) }),
	}
}

// sources are all kinds of credentials with the canary in them, and what else of them is secret.
func sources() map[string]func() airflowclient.Authenticator {
	secret := func(text string) func(context.Context) (airflowclient.Secret, error) {
		return func(context.Context) (airflowclient.Secret, error) { return airflowclient.NewSecret(text), nil }
	}
	login := airflowclient.Login{User: "ana", Password: airflowclient.NewSecret(canary), Source: "AIRFLOW_PASSWORD"}
	return map[string]func() airflowclient.Authenticator{
		"password":       func() airflowclient.Authenticator { return airflowclient.Basic(login) },
		"either":         func() airflowclient.Authenticator { return airflowclient.Auto(login) },
		"token exchange": func() airflowclient.Authenticator { return airflowclient.TokenExchange(login) },
		"token":          func() airflowclient.Authenticator { return airflowclient.Bearer(secret(canary), "a command") },
		"web login":      func() airflowclient.Authenticator { return airflowclient.WebLogin(secret(canary), "AWS") },
		"source that fails": func() airflowclient.Authenticator {
			return airflowclient.Bearer(func(context.Context) (airflowclient.Secret, error) {
				return airflowclient.NewSecret(canary), errors.New("no login")
			}, "a command")
		},
	}
}

// sessionCanary is the secret that a login gives.
const sessionCanary = "sessie-kanarie/8"

// TestCredentialsReachNothingThatIsShown plants secrets in every kind of credentials and lets a server repeat all that it was sent.
func TestCredentialsReachNothingThatIsShown(t *testing.T) {
	t.Parallel()
	for name, source := range sources() {
		for _, a := range bothAPIs {
			t.Run(name+" "+a.name, func(t *testing.T) {
				t.Parallel()
				for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503} {
					for _, route := range echo(status) {
						synctest.Test(t, func(t *testing.T) { shownBy(t, a, source(), route) })
					}
				}
			})
		}
	}
}

// shownBy uses a client in every way and looks at all that it hands out.
func shownBy(t *testing.T, a api, auth airflowclient.Authenticator, route http.HandlerFunc) {
	t.Helper()
	login := func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "_token", Value: sessionCanary})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: sessionCanary})
		answer(201, fmt.Sprintf(`{"access_token": %q}`, sessionCanary))(w, r)
	}
	f := newFake(a, map[string]http.HandlerFunc{
		"POST /auth/token": login, "POST /pluginsv2/aws_mwaa/login": login, "POST /aws_mwaa/login": login,
		"GET " + a.prefix + "/dags/x": route, "PATCH " + a.prefix + "/dags/x": route, "GET " + a.prefix + logPath: route, "GET " + a.prefix + "/pools": route,
	})
	cfg := airflowclient.Config{URL: "http://localhost:8080", Auth: auth, Transport: f, MaxTries: 2, TLS: airflowclient.TLS{ServerName: "x"}}
	c, err := airflowclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	_, err = c.DAG(t.Context(), "x")
	errs = append(errs, err, c.SetPaused(t.Context(), "x", true))
	_, err = c.Log(t.Context(), logRef, "")
	errs = append(errs, err)
	_, err = c.Raw(t.Context(), http.MethodGet, "/pools?token="+url.QueryEscape(canary), nil)
	errs = append(errs, err)
	var shown strings.Builder
	for _, err := range errs {
		if e, ok := errors.AsType[*airflowclient.Error](err); ok {
			text, _ := json.Marshal(e)
			fmt.Fprintf(&shown, "%s %s ", text, e.Hint())
		}
		fmt.Fprintf(&shown, "%v %+v %#v\n", err, err, err)
	}
	fmt.Fprintf(&shown, "%+v %#v %v %+v %+v", c.Requests(), c.Requests(), c.Warnings(), auth, cfg)
	if found := leaks(shown.String(), canary, sessionCanary); len(found) > 0 {
		t.Errorf("%q is shown in\n%s", found, shown.String())
	}
}

// A crash prints what was thrown and the stack.
func TestCredentialsReachNoCrash(t *testing.T) {
	t.Parallel()
	for name, source := range sources() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV1, nil)
			c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, "/dags/x") {
					panic(fmt.Sprintf("no route for %s %s", req.Method, req.URL))
				}
				return f.RoundTrip(req)
			}), airflowclient.Config{Auth: source()})
			defer func() {
				thrown := recover()
				text := fmt.Sprintf("%v %+v %#v\n%s", thrown, thrown, c, debug.Stack())
				if found := leaks(text, canary, sessionCanary); len(found) > 0 {
					t.Errorf("%q is shown in\n%s", found, text)
				}
			}()
			_, _ = c.DAG(t.Context(), "x")
		})
	}
}
