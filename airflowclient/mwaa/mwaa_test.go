package mwaa_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/mwaa"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "canary-aws-secret"
)

var signedAt = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// credentials are what AWS's configuration would say.
type credentials struct{}

func (credentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: "canary-aws-session"}, nil
}

// service is AWS's side: it checks the signature of each request by itself and answers as the reference of the API says.
type service struct {
	t        *testing.T
	version  string // of the environment's Airflow
	tokens   int    // web tokens that were given
	web      *httptest.Server
	invoked  []map[string]any
	answer   func(w http.ResponseWriter, call map[string]any)
	sessions int
	revoked  bool // the next request of the session is refused
}

func newService(t *testing.T, version string) *service {
	t.Helper()
	s := &service{t: t, version: version}
	s.web = httptest.NewServer(http.HandlerFunc(s.webserver))
	t.Cleanup(s.web.Close)
	return s
}

// environment opens an environment whose AWS is the service.
func (s *service) environment(t *testing.T) *mwaa.Environment {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(s.serveAWS))
	t.Cleanup(api.Close)
	env, err := mwaa.Open(t.Context(), mwaa.Options{
		Name: "MyEnvironment", Region: "eu-central-1", Endpoint: api.URL, Provider: credentials{}, Now: func() time.Time { return signedAt },
	})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func (s *service) serveAWS(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if problem := checkSignature(r, body); problem != "" {
		refuse(w, http.StatusForbidden, "InvalidSignatureException", problem)
		return
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/webtoken/MyEnvironment" && len(body) == 0:
		s.tokens++
		writeJSON(w, map[string]any{"WebToken": fmt.Sprintf("canary-web-%d", s.tokens), "WebServerHostname": "0123-vpce.c1.eu-central-1.airflow.amazonaws.com", "IamIdentity": "user/ana"})
	case r.Method == http.MethodPost && r.URL.Path == "/restapi/MyEnvironment":
		var call map[string]any
		if err := json.Unmarshal(body, &call); err != nil {
			s.t.Error(err)
		}
		s.invoked = append(s.invoked, call)
		s.answer(w, call)
	default:
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "no "+r.Method+" "+r.URL.Path)
	}
}

// refuse is an error of AWS's REST-JSON protocol.
func refuse(w http.ResponseWriter, status int, name, message string) {
	w.Header().Set("X-Amzn-Errortype", name+":http://internal.amazon.com/coral/")
	w.WriteHeader(status)
	writeJSON(w, map[string]string{"message": message})
}

func writeJSON(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

// checkSignature computes Signature Version 4 from its description and compares.
func checkSignature(r *http.Request, body []byte) string {
	scheme, fields, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	values := map[string]string{}
	for field := range strings.SplitSeq(fields, ", ") {
		name, value, _ := strings.Cut(field, "=")
		values[name] = value
	}
	day, scope := "20261123", "20261123/eu-central-1/airflow/aws4_request"
	if scheme != "AWS4-HMAC-SHA256" || values["Credential"] != accessKey+"/"+scope {
		return "the credential is " + values["Credential"]
	}
	var canonical strings.Builder
	fmt.Fprintf(&canonical, "%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), r.URL.RawQuery)
	for name := range strings.SplitSeq(values["SignedHeaders"], ";") {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, value)
	}
	fmt.Fprintf(&canonical, "\n%s\n%x", values["SignedHeaders"], sha256.Sum256(body))
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n20261123T080000Z\n%s\n%x", scope, sha256.Sum256([]byte(canonical.String())))
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{day, "eu-central-1", "airflow", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if hex.EncodeToString(key) != values["Signature"] {
		return "the signature does not match"
	}
	if !strings.Contains(values["SignedHeaders"], "x-amz-security-token") {
		return "the session token is not signed"
	}
	return ""
}

// webserver is the environment's own: it logs in with a web token, and answers nobody else.
func (s *service) webserver(w http.ResponseWriter, r *http.Request) {
	v3 := strings.HasPrefix(s.version, "3.")
	login, prefix := "/aws_mwaa/login", "/api/v1"
	if v3 {
		login, prefix = "/pluginsv2/aws_mwaa/login", "/api/v2"
	}
	switch {
	case r.Method == http.MethodPost && r.URL.Path == login:
		if r.PostFormValue("token") != fmt.Sprintf("canary-web-%d", s.tokens) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.sessions++
		name, value := "session", fmt.Sprintf("canary-session-%d", s.sessions)
		if v3 {
			name, value = "_token", jwt(s.sessions)
		}
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "x"})
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: true})
		http.Redirect(w, r, "/home", http.StatusFound)
	case r.Method == http.MethodPost && !strings.HasPrefix(r.URL.Path, prefix):
		http.NotFound(w, r)
	case !s.known(r, v3):
		s.revoked = false
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == prefix+"/version":
		writeJSON(w, map[string]string{"version": s.version})
	case r.URL.Path == prefix+"/dags/x":
		writeJSON(w, map[string]string{"dag_id": "x"})
	default:
		http.NotFound(w, r)
	}
}

func (s *service) known(r *http.Request, v3 bool) bool {
	if s.revoked || s.sessions == 0 {
		return false
	}
	if v3 {
		return r.Header.Get("Authorization") == "Bearer "+jwt(s.sessions) && len(r.Cookies()) == 0
	}
	cookie, err := r.Cookie("session")
	return err == nil && cookie.Value == fmt.Sprintf("canary-session-%d", s.sessions) && len(r.Cookies()) == 1 && r.Header.Get("Authorization") == ""
}

func jwt(n int) string {
	return "h." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"n": %d, "iat": 1000, "exp": 44200}`, n)) + ".s"
}

func TestWebLoginGivesASession(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.10.3", "3.0.6"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newService(t, version)
			env := s.environment(t)
			now := signedAt
			c, err := airflowclient.New(airflowclient.Config{
				URL: s.web.URL, Auth: airflowclient.WebLogin(env.WebToken, "environment MyEnvironment"), Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := c.DAG(t.Context(), "x"); err != nil {
					t.Fatal(err)
				}
			}
			if s.sessions != 1 {
				t.Errorf("%d logins, want 1", s.sessions)
			}
			s.revoked = true
			if _, err := c.DAG(t.Context(), "x"); err != nil || s.sessions != 2 {
				t.Errorf("after a refusal: %v, %d logins", err, s.sessions)
			}
			now = now.Add(11 * time.Hour)
			if _, err := c.DAG(t.Context(), "x"); err != nil || s.sessions != map[string]int{"2.10.3": 2, "3.0.6": 3}[version] {
				t.Errorf("eleven of twelve hours later: %v, %d logins; only a JWT says how long it lives", err, s.sessions)
			}
		})
	}
}

func TestWebserverIsWhatAWSNames(t *testing.T) {
	t.Parallel()
	address, err := newService(t, "3.0.6").environment(t).Webserver(t.Context())
	if err != nil || address != "https://0123-vpce.c1.eu-central-1.airflow.amazonaws.com" {
		t.Errorf("got %q, %v", address, err)
	}
}

func TestWebLoginThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t, "3.0.6")
	auth := airflowclient.WebLogin(func(context.Context) (airflowclient.Secret, error) { return airflowclient.NewSecret("canary-old"), nil }, "environment MyEnvironment")
	c, err := airflowclient.New(airflowclient.Config{URL: s.web.URL, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.DAG(t.Context(), "x")
	var e *airflowclient.Error
	if !errors.As(err, &e) || !airflowclient.IsPermission(err) && !airflowclient.IsAuth(err) || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestAWSThatRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		errno  string
		kind   airflowclient.Kind
	}{
		"no permission":     {403, "AccessDeniedException", airflowclient.KindPermission},
		"old credentials":   {403, "ExpiredTokenException", airflowclient.KindAuth},
		"no environment":    {404, "ResourceNotFoundException", airflowclient.KindNotFound},
		"too many":          {429, "ThrottlingException", airflowclient.KindRateLimited},
		"AWS has a bad day": {500, "InternalServerException", airflowclient.KindServer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, test.status, test.errno, "words of AWS") }))
			defer api.Close()
			env, err := mwaa.Open(t.Context(), mwaa.Options{Name: "E", Region: "r", Endpoint: api.URL, Provider: credentials{}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = env.WebToken(t.Context())
			var e *airflowclient.Error
			if !errors.As(err, &e) || e.Kind != test.kind || !strings.Contains(err.Error(), test.errno+": words of AWS") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// invoked is a client whose requests go through InvokeRestApi.
func invoked(t *testing.T, s *service) *airflowclient.Client {
	t.Helper()
	env := s.environment(t)
	c, err := airflowclient.New(airflowclient.Config{URL: env.URL(), Transport: env.Transport(), MaxTries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInvokeRestApiCarriesRequests(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.10.3", "3.0.6"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newService(t, version)
			s.answer = func(w http.ResponseWriter, call map[string]any) {
				status, response := 200, any(map[string]string{})
				switch call["Path"] {
				case "/version":
					response = map[string]string{"version": version}
				case "/dags":
					response = map[string]any{"dags": []any{map[string]string{"dag_id": "x"}}, "total_entries": 1}
				case "/dags/x":
				default:
					status, response = 404, map[string]string{"detail": "DAG with dag_id: 'no' not found"}
					w.Header().Set("X-Amzn-Errortype", "RestApiClientException")
					w.WriteHeader(http.StatusBadRequest)
				}
				writeJSON(w, map[string]any{"RestApiStatusCode": status, "RestApiResponse": response})
			}
			c := invoked(t, s)
			if dags, err := c.DAGs(t.Context(), airflowclient.DAGQuery{Tags: []string{"a", "b"}}); err != nil || len(dags) > 1 {
				t.Fatal(dags, err)
			}
			if err := c.SetPaused(t.Context(), "x", true); err != nil {
				t.Fatal(err)
			}
			if _, err := c.DAG(t.Context(), "no"); !airflowclient.IsNotFound(err) || !strings.Contains(err.Error(), "DAG with dag_id: 'no' not found") {
				t.Errorf("got %v", err)
			}
			n := len(s.invoked)
			list, patch := s.invoked[n-3], s.invoked[n-2]
			query, _ := list["QueryParameters"].(map[string]any)
			several := map[string]string{"2.10.3": "fields", "3.0.6": "tags"}[version]
			if values, ok := query[several].([]any); list["Method"] != "GET" || !ok || len(values) < 2 || query["limit"] != "100" {
				t.Errorf("the list was asked for with %v", list)
			}
			if diff := cmp.Diff(map[string]any{"is_paused": true}, patch["Body"]); patch["Method"] != "PATCH" || patch["Path"] != "/dags/x" || diff != "" {
				t.Errorf("the change was sent as %v", patch)
			}
		})
	}
}

func TestInvokeRestApiThatRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t, "3.0.6")
	s.answer = func(w http.ResponseWriter, call map[string]any) {
		path, _ := call["Path"].(string)
		switch {
		case path == "/version":
			writeJSON(w, map[string]any{"RestApiStatusCode": 200, "RestApiResponse": map[string]string{"version": s.version}})
		case len(path) > 64:
			refuse(w, 400, "ValidationException", "1 validation error detected")
		default:
			refuse(w, 403, "AccessDeniedException", "User: ana is not authorized")
		}
	}
	c := invoked(t, s)
	_, err := c.DAG(t.Context(), "x")
	if !airflowclient.IsPermission(err) || !strings.HasPrefix(err.Error(), "read DAG: not permitted (HTTP 403): AWS says AccessDeniedException: User: ana") {
		t.Errorf("got %v", err)
	}
	_, err = c.Log(t.Context(), airflowclient.LogRef{DAGID: "a_long_name", RunID: "scheduled__2026-11-23T00:00:00+00:00", TaskID: "another", MapIndex: -1, Try: 1}, "")
	if !airflowclient.IsUnsupported(err) || !strings.HasPrefix(err.Error(), "read task log: not supported here") {
		t.Errorf("got %v", err)
	}
}

func TestOpenWithoutARegionSaysSo(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	_, err := mwaa.Open(t.Context(), mwaa.Options{Name: "E"})
	var hinter interface{ Hint() string }
	if !errors.As(err, &hinter) || !strings.Contains(hinter.Hint(), "aws_region") {
		t.Errorf("got %v", err)
	}
}
