package airflowclient

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// renewal is the part of a token's life after which a new one is fetched, so that no request starts with one that is about to end.
const renewal = 0.8

// Bearer sends a token. The function gives it: it is asked when the first request goes out, again when the token, if it is a JWT,
// has passed four fifths of its life, and once after a 401. source says in hints where the token comes from.
func Bearer(token func(context.Context) (Secret, error), source string) Authenticator {
	what := "the bearer token"
	if source != "" {
		what += fmt.Sprintf(" (from %s)", source)
	}
	return &tokenAuth{fetch: token, what: what, onProbe: true, turn: make(chan struct{}, 1)}
}

// TokenExchange trades user and password for a token at /auth/token, as Airflow 3 wants it. With no user it asks for the token that
// SimpleAuthManager gives to everybody when `[core] simple_auth_manager_all_admins` is on.
func TokenExchange(l Login) Authenticator {
	return &tokenAuth{fetch: l.exchange, what: l.describe(), turn: make(chan struct{}, 1)}
}

// tokenAuth keeps one token. Whoever holds turn may fetch or read it, so a hundred requests that find it gone fetch one new token.
type tokenAuth struct {
	fetch   func(context.Context) (Secret, error)
	what    string // for hints
	onProbe bool   // the version probe carries the token too: a gateway may want it

	turn    chan struct{}
	token   Secret
	serial  int // counts the tokens; 0: none yet
	renewAt time.Time
}

func (a *tokenAuth) describe() string { return a.what }

// Apply puts the token on the request and remembers in the call which one it was.
func (a *tokenAuth) Apply(ctx context.Context, req *http.Request) error {
	call, ok := callFrom(ctx)
	if !ok {
		return errOutside
	}
	if call.probe && !a.onProbe {
		return nil
	}
	if err := a.lock(ctx); err != nil {
		return err
	}
	defer a.unlock()
	if a.serial == 0 || a.dueAt(call.conn.now()) {
		if err := a.renew(ctx, call); err != nil {
			return err
		}
	}
	call.serial = a.serial
	req.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	return nil
}

// Refresh fetches a new token, unless another request has done so since the one that was refused.
func (a *tokenAuth) Refresh(ctx context.Context) error {
	call, ok := callFrom(ctx)
	if !ok {
		return errOutside
	}
	if call.probe && !a.onProbe {
		return errNothingToRefresh
	}
	if err := a.lock(ctx); err != nil {
		return err
	}
	defer a.unlock()
	if call.serial != a.serial {
		return nil
	}
	before := a.token.Reveal()
	if err := a.renew(ctx, call); err != nil {
		return err
	}
	if a.token.Reveal() == before {
		return errNothingToRefresh
	}
	return nil
}

func (a *tokenAuth) renew(ctx context.Context, call *call) error {
	token, err := a.fetch(ctx)
	if err != nil {
		var ours *Error
		if errors.As(err, &ours) || ctx.Err() != nil {
			return err
		}
		return &Error{Op: call.op, Kind: KindAuth, Detail: oneLine("no token: " + err.Error()), hint: "check " + a.what, err: err}
	}
	if token.IsZero() {
		return &Error{Op: call.op, Kind: KindAuth, Detail: "the token is empty", hint: "check " + a.what}
	}
	now := call.conn.now()
	a.token, a.serial, a.renewAt = token, a.serial+1, renewTime(token, now)
	return nil
}

func (a *tokenAuth) dueAt(now time.Time) bool { return !a.renewAt.IsZero() && !now.Before(a.renewAt) }

func (a *tokenAuth) lock(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *tokenAuth) unlock() { <-a.turn }

// exchange asks the server for a token. Only Airflow 3 has the endpoint; it lies beside the API, not below it.
func (l Login) exchange(ctx context.Context) (Secret, error) {
	outer, ok := callFrom(ctx)
	if !ok {
		return Secret{}, errOutside
	}
	method, body := http.MethodGet, any(nil)
	if l.User != "" {
		method, body = http.MethodPost, map[string]string{"username": l.User, "password": l.Password.Reveal()}
	}
	call := &call{op: "get a token", read: true, anon: true, conn: outer.conn}
	got, err := outer.conn.do(ctx, call, method, "/auth/token", nil, body)
	if err != nil {
		return Secret{}, l.explain(err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(got.body, &answer); err != nil || answer.Token == "" {
		return Secret{}, &Error{Op: call.op, Kind: KindAuth, URL: got.url, Detail: "the answer holds no access_token"}
	}
	return NewSecret(answer.Token), nil
}

// explain makes every refusal of the token endpoint one of the credentials, and says what to do about it.
func (l Login) explain(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		e.Kind = KindAuth
		e.hint = "this server exchanges no passwords for tokens; use a bearer token"
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
		e.Kind = KindAuth
		e.hint = "check " + l.describe()
		if l.User == "" {
			e.hint = noCredentials
		}
	}
	return e
}

// renewTime is when a token that was fetched now should be replaced: after four fifths of its life by its own claims. Only the
// length of the life is taken from them, because the server's clock may differ from ours. Zero means that the token does not say.
func renewTime(token Secret, now time.Time) time.Time {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}
	}
	var life struct {
		Issued  float64 `json:"iat"`
		Expires float64 `json:"exp"`
	}
	if err := json.Unmarshal(claims, &life); err != nil || life.Expires == 0 {
		return time.Time{}
	}
	if life.Issued == 0 {
		life.Issued = float64(now.Unix())
	}
	return now.Add(time.Duration((life.Expires - life.Issued) * renewal * float64(time.Second)))
}
