package airflowclient

import (
	"context"
	"net/http"
)

// Authenticator puts credentials on requests. Apply is called for every attempt; Refresh after a 401, and when it returns nil the
// request is sent once more. Both must be safe for use by many goroutines.
type Authenticator interface {
	Apply(ctx context.Context, req *http.Request) error
	Refresh(ctx context.Context) error
}

// Login is a user and a password. Source says where they came from ("AIRFLOW_PASSWORD", "context prod"): hints name it.
type Login struct {
	User     string
	Password Secret
	Source   string
}

// None sends no credentials.
func None() Authenticator { return nil }

// Basic sends user and password with each request, as Airflow 2 with its basic_auth backend wants it.
func Basic(l Login) Authenticator { return nil }

// Bearer sends a token. The function is asked once, and again when the token is about to end or was refused.
func Bearer(token func(context.Context) (Secret, error), source string) Authenticator { return nil }

// TokenExchange trades user and password for a token at /auth/token, as Airflow 3 wants it; with no user it asks for the token that
// SimpleAuthManager gives to everybody when all are admins.
func TokenExchange(l Login) Authenticator { return nil }

// Auto is [TokenExchange] on Airflow 3 and [Basic] on Airflow 2.
func Auto(l Login) Authenticator { return nil }
