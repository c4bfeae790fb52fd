// Package composer reaches the Airflow of Google Cloud Composer 2 and 3 with the credentials of Google.
//
// Composer's web server takes an access token of the scope cloud-platform as a bearer token. [Token] gets one from the application default
// credentials, which every tool of Google finds in the same places: GOOGLE_APPLICATION_CREDENTIALS, the login of gcloud,
// workload identity federation, the metadata server of the machine. A user whom Airflow has not seen yet gets the role Op
// (`[api] composer_auth_user_registration_role`). The address is the Airflow URI of the environment.
//
// It was written from Google's documentation and is tested against servers that answer as that says. It has not been run against Google Cloud.
package composer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"chrononctl/airflowclient"
)

// scope is what Composer's web server wants tokens for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// Token gives access tokens for [airflowclient.ExpiringBearer]. Credentials are looked for with the first one. transport carries the
// requests to Google, nil is http.DefaultTransport.
func Token(transport http.RoundTripper) func(context.Context) (airflowclient.Token, error) {
	var mu sync.Mutex
	var source oauth2.TokenSource
	return func(ctx context.Context) (airflowclient.Token, error) {
		mu.Lock()
		defer mu.Unlock()
		if source == nil {
			// The source outlives this request, and so must what it is made with.
			ctx := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: transport, Timeout: time.Minute})
			found, err := google.FindDefaultCredentials(ctx, scope)
			if err != nil {
				return airflowclient.Token{}, loginError{err}
			}
			source = found.TokenSource
		}
		token, err := source.Token()
		if err != nil {
			return airflowclient.Token{}, refused(err)
		}
		return airflowclient.Token{Value: airflowclient.NewSecret(token.AccessToken), Expires: token.Expiry}, nil
	}
}

// refused keeps what Google says, and leaves out the answer as a whole: it may repeat what was sent.
func refused(err error) error {
	var said *oauth2.RetrieveError
	if !errors.As(err, &said) {
		return fmt.Errorf("ask Google for an access token: %w", err)
	}
	var words struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(said.Body, &words) // a page of a proxy has no words worth repeating
	return loginError{fmt.Errorf("ask Google for an access token: HTTP %d %s: %s", said.Response.StatusCode, words.Code, words.Description)}
}

// loginError is an error whose next step is to log in.
type loginError struct{ error }

func (e loginError) Unwrap() error { return e.error }

// Hint is the next step.
func (loginError) Hint() string {
	return "log in with gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS"
}
