package airflowclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Authenticator puts credentials on requests. Apply is called for every attempt. Refresh is called after a 401; when it returns nil
// the request is sent once more, with what Apply then puts on it. Both must be safe for use by many goroutines. The
// authenticators of this package remember tokens and therefore belong to one [Client] each.
type Authenticator interface {
	Apply(ctx context.Context, req *http.Request) error
	Refresh(ctx context.Context) error
}

// errNothingToRefresh is the answer of authenticators whose credentials do not change: the 401 stands.
var errNothingToRefresh = errors.New("these credentials cannot be renewed")

// describer is an Authenticator that can say in a hint which credentials it uses.
type describer interface{ describe() string }

// Login is a user and a password. Source says where they came from ("AIRFLOW_PASSWORD", "context prod"): hints name it.
type Login struct {
	User     string
	Password Secret
	Source   string
}

// noCredentials is the next step where there is no user.
const noCredentials = "this Airflow wants a user and a password, or a bearer token"

func (l Login) describe() string {
	if l.User == "" {
		return ""
	}
	text := fmt.Sprintf("the password of user %q", l.User)
	if l.Source != "" {
		text += fmt.Sprintf(" (from %s)", l.Source)
	}
	return text
}

// None sends no credentials.
func None() Authenticator { return none{} }

type none struct{}

func (none) Apply(context.Context, *http.Request) error { return nil }

func (none) Refresh(context.Context) error { return errNothingToRefresh }

// Basic sends user and password with each request, as Airflow 2 wants it when its basic_auth backend is on.
func Basic(l Login) Authenticator { return basic{l} }

type basic struct{ Login }

func (b basic) Apply(_ context.Context, req *http.Request) error {
	req.SetBasicAuth(b.User, b.Password.Reveal())
	return nil
}

func (basic) Refresh(context.Context) error { return errNothingToRefresh }

// Auto is [TokenExchange] on Airflow 3 and [Basic] on Airflow 2; without a user it sends nothing to Airflow 2.
func Auto(l Login) Authenticator {
	old := Basic(l)
	if l.User == "" {
		old = None()
	}
	return &auto{Login: l, old: old, exchange: TokenExchange(l)}
}

type auto struct {
	Login
	old      Authenticator
	exchange Authenticator
}

// Apply leaves the version probe alone: it is what decides between the two.
func (a *auto) Apply(ctx context.Context, req *http.Request) error {
	if call, ok := callFrom(ctx); ok && call.probe {
		return nil
	}
	chosen, err := a.choose(ctx)
	if err != nil {
		return err
	}
	return chosen.Apply(ctx, req)
}

func (a *auto) Refresh(ctx context.Context) error {
	if call, ok := callFrom(ctx); ok && call.probe {
		return errNothingToRefresh
	}
	chosen, err := a.choose(ctx)
	if err != nil {
		return err
	}
	return chosen.Refresh(ctx)
}

func (a *auto) choose(ctx context.Context) (Authenticator, error) {
	call, ok := callFrom(ctx)
	if !ok {
		return nil, errOutside
	}
	api, err := call.conn.api(ctx)
	if err != nil {
		return nil, err
	}
	if api == 1 {
		return a.old, nil
	}
	return a.exchange, nil
}

// errOutside is what an authenticator that has to ask the server answers when no Client calls it.
var errOutside = errors.New("this authenticator works within a Client only")
