package airflowclient

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// renewal is the part of a token's life after which a new one is fetched, so that no request starts with one that is about to end.
const renewal = 0.8

// Token is a bearer token and, where its source knows it, when it ends by the clock of this machine.
type Token struct {
	Value   Secret
	Expires time.Time // zero: unknown; the claims of a JWT say it too
}

// Bearer sends a token. The function gives it: it is asked when the first request goes out, again when the token, if it is a JWT,
// has passed four fifths of its life, and once after a 401. source says in hints where the token comes from.
func Bearer(token func(context.Context) (Secret, error), source string) Authenticator {
	return ExpiringBearer(func(ctx context.Context) (Token, error) {
		value, err := token(ctx)
		return Token{Value: value}, err
	}, source)
}

// ExpiringBearer is [Bearer] with a source that knows when its tokens end, as those of Google do.
func ExpiringBearer(token func(context.Context) (Token, error), source string) Authenticator {
	what := "the bearer token"
	if source != "" {
		what += fmt.Sprintf(" (from %s)", source)
	}
	return newTokenAuth(what, true, func(ctx context.Context) (credential, error) {
		t, err := token(ctx)
		return credential{Token: t}, err
	})
}

// TokenExchange trades user and password for a token at /auth/token, as Airflow 3 wants it. With no user it asks for the token that
// SimpleAuthManager gives to everybody when `[core] simple_auth_manager_all_admins` is on.
func TokenExchange(l Login) Authenticator {
	a := newTokenAuth(l.describe(), false, func(ctx context.Context) (credential, error) {
		value, err := l.exchange(ctx)
		return credential{Token: Token{Value: value}}, err
	})
	a.keep(l.Password.Reveal())
	return a
}

// credential is what goes on a request: a bearer token, or a cookie when that has a name.
type credential struct {
	Token
	cookie string
}

func (c credential) put(req *http.Request) {
	if c.cookie != "" {
		req.AddCookie(&http.Cookie{Name: c.cookie, Value: c.Value.Reveal()})
		return
	}
	req.Header.Set("Authorization", "Bearer "+c.Value.Reveal())
}

// tokenAuth keeps one credential. Whoever holds turn may fetch or read it, so a hundred requests that find it gone fetch one new one;
// and when that one fetch was refused, the other ninety-nine take the refusal instead of trying the same password again.
type tokenAuth struct {
	fetch   func(context.Context) (credential, error)
	what    string // for hints
	onProbe bool   // the version probe carries the token too: a gateway may want it

	turn     chan struct{}
	current  credential
	serial   int // counts the tokens; 0: none yet
	renewAt  time.Time
	refusal  error        // of the last fetch that was refused
	refusals atomic.Int64 // counts them
	kept     atomic.Pointer[[]string]
}

func newTokenAuth(what string, onProbe bool, fetch func(context.Context) (credential, error)) *tokenAuth {
	return &tokenAuth{fetch: fetch, what: what, onProbe: onProbe, turn: make(chan struct{}, 1)}
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
	waited, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer a.unlock()
	if a.serial == 0 || a.dueAt(call.conn.now()) {
		if err := a.renew(ctx, call, waited); err != nil {
			return err
		}
	}
	call.serial = a.serial
	a.current.put(req)
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
	waited, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer a.unlock()
	if call.serial != a.serial {
		return nil
	}
	before := a.current.Value.Reveal()
	if err := a.renew(ctx, call, waited); err != nil {
		return err
	}
	if a.current.Value.Reveal() == before {
		return errNothingToRefresh
	}
	return nil
}

// renew fetches a token. refused says that a fetch was refused while this request waited for its turn.
func (a *tokenAuth) renew(ctx context.Context, call *call, refused bool) error {
	if refused {
		return a.refusal
	}
	got, err := a.fetch(ctx)
	if err == nil && got.Value.IsZero() {
		err = errors.New("it is empty")
	}
	if err != nil {
		err = a.explain(ctx, call, err)
		if IsAuth(err) || IsPermission(err) {
			a.refusal = err
			a.refusals.Add(1)
		}
		return err
	}
	a.current, a.serial = got, a.serial+1
	a.keep(got.Value.Reveal())
	a.renewAt = renewTime(got.Token, call.conn.now(), call.conn.serverTime())
	return nil
}

func (a *tokenAuth) explain(ctx context.Context, call *call, err error) error {
	var ours *Error
	if errors.As(err, &ours) || ctx.Err() != nil {
		return err
	}
	return &Error{Op: call.op, Kind: KindAuth, Detail: oneLine("no token: " + err.Error()), hint: a.hintOf(err), err: err}
}

// hintOf is the next step that the source of the token knows, else to look at the source.
func (a *tokenAuth) hintOf(err error) string {
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) && hinter.Hint() != "" {
		return hinter.Hint()
	}
	return "check " + a.what
}

func (a *tokenAuth) dueAt(now time.Time) bool { return !a.renewAt.IsZero() && !now.Before(a.renewAt) }

// lock waits for the turn, and says whether a fetch was refused meanwhile.
func (a *tokenAuth) lock(ctx context.Context) (refused bool, err error) {
	before := a.refusals.Load()
	select {
	case a.turn <- struct{}{}:
		return a.refusals.Load() != before, nil
	case <-ctx.Done():
		return false, ctx.Err()
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

// renewTime is when a token that was fetched now should be replaced: after four fifths of what is left of its life. A source that says
// when it ends does so by our clock. The claims of a JWT are by the clock of whoever made it, so the length of its life is what they are good for;
// that the token is older than this moment, as one from a cache is, shows where the server's clock agrees. Zero means that nobody knows.
func renewTime(token Token, now, server time.Time) time.Time {
	after := func(life time.Duration) time.Time { return now.Add(time.Duration(float64(life) * renewal)) }
	if !token.Expires.IsZero() {
		return after(max(token.Expires.Sub(now), 0))
	}
	issued, expires := jwtLife(token.Value)
	if expires == 0 {
		return time.Time{}
	}
	if issued == 0 {
		issued = float64(now.Unix())
	}
	life := time.Duration((expires - issued) * float64(time.Second))
	if left := time.Unix(int64(expires), 0).Sub(server); left > 0 && left < life {
		life = left
	}
	return after(max(life, 0))
}

// jwtLife reads from the claims of a JWT when it begins and ends, in Unix seconds; 0 for what it does not say.
func jwtLife(token Secret) (issued, expires float64) {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return 0, 0
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return 0, 0
	}
	var life struct {
		Issued  float64 `json:"iat"`
		Expires float64 `json:"exp"`
	}
	if json.Unmarshal(claims, &life) != nil {
		return 0, 0
	}
	return life.Issued, life.Expires
}
