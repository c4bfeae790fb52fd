package composer_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/composer"
)

// google is the token endpoint of a service account, and the Airflow that takes its tokens.
type google struct {
	given  int
	refuse bool
}

// token checks what RFC 7523 and Google's documentation of service accounts want.
func (g *google) token(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	parts := strings.Split(form.Get("assertion"), ".")
	if g.refuse || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(parts) != 3 {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": "invalid_grant", "error_description": "Invalid JWT Signature.", "echo": %q}`, form.Get("assertion"))
		return
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iss, Scope string }
	if json.Unmarshal(text, &claims) != nil || claims.Scope != "https://www.googleapis.com/auth/cloud-platform" || claims.Iss != "chronon@p.iam.gserviceaccount.com" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	g.given++
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": "ya29.canary%d", "expires_in": 3599, "token_type": "Bearer"}`, g.given)
}

func (g *google) airflow(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != fmt.Sprintf("Bearer ya29.canary%d", g.given):
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/api/v2/version":
		fmt.Fprint(w, `{"version": "3.1.7+composer"}`)
	default:
		fmt.Fprint(w, `{"dag_id": "x"}`)
	}
}

// account writes the file of a service account whose tokens come from the address.
func account(t *testing.T, address string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "chronon@p.iam.gserviceaccount.com", "token_uri": address + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newClient(t *testing.T, g *google) *airflowclient.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", g.token)
	mux.HandleFunc("/", g.airflow)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", account(t, server.URL))
	now := time.Now()
	c, err := airflowclient.New(airflowclient.Config{
		URL: server.URL, Auth: airflowclient.ExpiringBearer(composer.Token(nil), "Google"), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposerTakesAnAccessTokenOfTheDefaultCredentials(t *testing.T) {
	g := &google{}
	c := newClient(t, g)
	for range 3 {
		if _, err := c.DAG(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if g.given != 1 {
		t.Errorf("%d tokens, want 1", g.given)
	}
}

func TestGoogleThatRefuses(t *testing.T) {
	_, err := newClient(t, &google{refuse: true}).DAG(t.Context(), "x")
	var e *airflowclient.Error
	if !errors.As(err, &e) || e.Kind != airflowclient.KindAuth || !strings.Contains(err.Error(), "invalid_grant: Invalid JWT Signature.") || !strings.Contains(e.Hint(), "gcloud auth") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "eyJ") {
		t.Errorf("the error repeats what was sent: %v", err)
	}
}

func TestNoGoogleCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	_, err := composer.Token(nil)(t.Context())
	var hinter interface{ Hint() string }
	if !errors.As(err, &hinter) || !strings.Contains(hinter.Hint(), "GOOGLE_APPLICATION_CREDENTIALS") {
		t.Errorf("got %v", err)
	}
}
