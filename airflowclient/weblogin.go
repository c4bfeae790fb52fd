package airflowclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// WebLogin sends what Amazon MWAA takes for a login: a web token, which is good for a minute and comes from AWS (package mwaa), is traded at
// the web server for a session. On Airflow 3 that is a JWT in the cookie _token, sent as a bearer token from then on; on Airflow 2 it is
// the cookie "session", sent as such. Which of the two answers is found out at the first login. It is renewed like any token:
// after four fifths of its life where it says how long that is, and once after a 401. source says in hints where web tokens come from.
func WebLogin(webToken func(context.Context) (Secret, error), source string) Authenticator {
	what := "the AWS credentials for a web login"
	if source != "" {
		what += " (" + source + ")"
	}
	l := &webLogin{webToken: webToken}
	a := newTokenAuth(what, true, l.exchange)
	l.keep = a.keep
	return a
}

type webLogin struct {
	webToken func(context.Context) (Secret, error)
	keep     func(string)
	way      int // of loginWays, that worked last
}

// loginWays are the addresses of a web login and what they give, the newer one first
// (https://docs.aws.amazon.com/mwaa/latest/userguide/access-mwaa-apache-airflow-rest-api.html).
var loginWays = [...]struct {
	path, cookie string
	bearer       bool
}{
	{"/pluginsv2/aws_mwaa/login", "_token", true},
	{"/aws_mwaa/login", "session", false},
}

// exchange logs in, first where it worked before. The lock of [tokenAuth] is held.
func (l *webLogin) exchange(ctx context.Context) (credential, error) {
	outer, ok := callFrom(ctx)
	if !ok {
		return credential{}, errOutside
	}
	var refusal error
	for i := range loginWays {
		way := (l.way + i) % len(loginWays)
		got, err := l.login(ctx, outer.conn, way)
		if err == nil {
			l.way = way
			return got, nil
		}
		var ours *Error
		if !errors.As(err, &ours) || ours.Op != opLogIn || ours.Status == 0 || ours.Kind == KindRateLimited || ours.Kind == KindServer {
			return credential{}, err
		}
		if refusal == nil || IsAuth(err) || IsPermission(err) { // that an address is unknown tells less than that a token is
			refusal = err
		}
	}
	return credential{}, refusal
}

// login trades one web token. The answer is a redirect into Airflow's pages, or one of them; the cookie is what counts.
func (l *webLogin) login(ctx context.Context, c *conn, number int) (credential, error) {
	way := loginWays[number]
	token, err := l.webToken(ctx)
	if err != nil {
		return credential{}, err
	}
	l.keep(token.Reveal())
	call := &call{op: opLogIn, anon: true, conn: c}
	form := url.Values{"token": {token.Reveal()}}.Encode()
	resp, err := c.openForm(ctx, call, way.path, form)
	if err != nil {
		return credential{}, err
	}
	defer resp.Body.Close()
	for _, cookie := range resp.Cookies() {
		if cookie.Name == way.cookie && cookie.Value != "" {
			got := credential{Token: Token{Value: NewSecret(cookie.Value), Expires: cookieEnd(cookie, c.now())}}
			if !way.bearer {
				got.cookie = cookie.Name
			}
			return got, nil
		}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		_, err := c.accept(call, resp)
		return credential{}, err
	}
	return credential{}, &Error{
		Op: call.op, Kind: KindNotAirflow, Status: resp.StatusCode, URL: bare(resp.Request.URL), Detail: "the answer holds no session",
		hint: "check that the address is that of the web server of an Amazon MWAA environment",
	}
}

// openForm posts a form. The answer is not followed: a session comes with the redirect.
func (c *conn) openForm(ctx context.Context, call *call, path, form string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(withCall(ctx, call), http.MethodPost, c.at(path), bytes.NewReader([]byte(form)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, c.networkError(ctx, call, err)
	}
	return resp, nil
}

// cookieEnd is when a cookie ends by our clock, zero when it does not say.
func cookieEnd(cookie *http.Cookie, now time.Time) time.Time {
	switch {
	case cookie.MaxAge > 0:
		return now.Add(time.Duration(cookie.MaxAge) * time.Second)
	case !cookie.Expires.IsZero():
		return cookie.Expires
	}
	return time.Time{}
}
