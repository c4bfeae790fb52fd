package cmd_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/cmd"
	"chrononctl/internal/term"
)

// Secrets of a test: what a person keeps, and what servers give for it.
const (
	canary        = "kanarie&vogel/geel+7="
	sessionCanary = "sessie/kanarie+8="
	awsCanary     = "aws/kanarie+9="
)

// leaks are the forms of the secrets that a text holds.
func leaks(text string) []string {
	var found []string
	for _, secret := range []string{canary, sessionCanary, awsCanary} {
		quoted, _ := json.Marshal(secret)
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte("ana:" + secret)),
		} {
			if strings.Contains(text, form) {
				found = append(found, form)
			}
		}
	}
	return found
}

// talker is an Airflow 3, and the AWS in front of it, that repeats whatever it was sent.
type talker struct {
	status int // of all answers but those of the sign-in; 0: it works
	server *httptest.Server
}

func newTalker(t *testing.T, status int) *talker {
	t.Helper()
	s := &talker{status: status}
	s.server = httptest.NewUnstartedServer(s)
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s *talker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(r.URL.Path, "/webtoken/"):
		reply(w, row{"WebToken": sessionCanary, "WebServerHostname": strings.TrimPrefix(s.server.URL, "https://")})
	case r.URL.Path == "/pluginsv2/aws_mwaa/login":
		http.SetCookie(w, &http.Cookie{Name: "_token", Value: sessionCanary})
		w.WriteHeader(http.StatusFound)
	case r.URL.Path == "/auth/token":
		w.WriteHeader(http.StatusCreated)
		reply(w, row{"access_token": sessionCanary})
	case r.URL.Path == "/api/v2/version":
		reply(w, row{"version": "3.3.2"})
	case s.status == 0:
		reply(w, row{"dags": []row{}, "dag_runs": []row{}, "import_errors": []row{}, "task_instances": []row{}, "total_entries": 0, "metadatabase": row{"status": "healthy"}})
	default:
		w.WriteHeader(s.status)
		reply(w, row{"detail": fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body)})
	}
}

// keptIn are the places that a context may name for its secrets, as keys of the context.
func keptIn(t *testing.T, s *talker) map[string]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})))
	secret, program := write("secret", canary+"\n"), write("print", "#!/bin/sh\necho '"+canary+"'\n")
	failing := write("fail", "#!/bin/sh\necho '"+canary+"'\necho 'not logged in' >&2\nexit 1\n")
	key := write("key.pem", "-----BEGIN PRIVATE KEY-----\n"+canary+"\n-----END PRIVATE KEY-----\n")
	at := "url: " + s.server.URL + ", ca_file: " + ca
	return map[string]string{
		"password_env":         at + ", username: ana, password_env: CANARY",
		"password_command":     at + ", username: ana, password_command: [" + program + "]",
		"password_file":        at + ", username: ana, password_file: " + secret,
		"token_env":            at + ", token_env: CANARY",
		"token_command":        at + ", token_command: [" + program + "]",
		"token_command_fails":  at + ", token_command: [" + failing + "]",
		"token_file":           at + ", token_file: " + secret,
		"no certificate":       "url: " + s.server.URL + ", token_env: CANARY",
		"any certificate":      "url: " + s.server.URL + ", token_env: CANARY, insecure: true",
		"client key":           at + ", token_env: CANARY, client_cert_file: " + ca + ", client_key_file: " + key,
		"user in the address":  "url: 'https://ana:" + url.QueryEscape(canary) + "@" + strings.TrimPrefix(s.server.URL, "https://") + "'",
		"query of the address": "url: '" + s.server.URL + "/?token=" + url.QueryEscape(canary) + "', ca_file: " + ca + ", token_env: CANARY",
		"amazon":               "service: mwaa, environment: E, aws_region: r, ca_file: " + ca,
		"nobody listens":       "url: 'https://127.0.0.1:1', token_env: CANARY, timeout: 1s",
	}
}

// signsIn are a place for each way to sign in. They reach the server, the others may not.
var signsIn = map[string]bool{"password_file": true, "token_env": true, "amazon": true}

// commands are what is run with each of them.
var commands = [][]string{
	{"status"}, {"status", "-o", "json"}, {"check", "fleet"}, {"config", "show"},
	{"trigger", "chronon_batch_dag_core", "--ds", "2026-11-01", "--yes"}, {"pause", "chronon_batch_dag_core", "--yes"},
	{"context", "show"}, {"context", "list"}, {"doctor"}, {"api", "GET", "/dags"}, {"runs", "chronon_batch_dag_core"}, {"__complete", "status", ""},
	{"plan"}, {"deploy", "--yes", "--no-verify"}, {"history", "-o", "json"}, {"drift"},
}

// TestNoCommandShowsCredentials plants secrets in every place that a context may name, runs the commands against servers that
// work and servers that repeat what they were sent, and looks at all that comes out: streams, frames, and the files of a target.
func TestNoCommandShowsCredentials(t *testing.T) { //nolint:tparallel // It sets variables of the process.
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE") // AWS's configuration is read from the process
	t.Setenv("AWS_SECRET_ACCESS_KEY", awsCanary)
	for _, status := range []int{0, 401, 500} {
		s := newTalker(t, status)
		for place, keys := range keptIn(t, s) {
			if status != 0 && !signsIn[place] {
				continue // what is refused does not depend on where the secret was kept
			}
			t.Run(fmt.Sprint(place, " ", status), func(t *testing.T) {
				t.Parallel()
				run := newRun(t, s, keys)
				for _, args := range commands {
					run.command(t.Context(), args...)
				}
				run.console(t)
				run.check(t)
				run.saw(t, place, status)
			})
		}
	}
}

// run is a working directory with a repository, a target and a context.
type run struct {
	dir, contexts, target string
	network               http.RoundTripper
	env                   map[string]string
	shown                 strings.Builder
}

func newRun(t *testing.T, s *talker, keys string) *run {
	t.Helper()
	r := &run{dir: t.TempDir(), target: t.TempDir()}
	if err := os.CopyFS(r.dir, os.DirFS("../internal/demo/sample/repo")); err != nil {
		t.Fatal(err)
	}
	project := "version: 1\ntargets:\n  prod: {kind: dir, path: " + r.target + "}\n"
	if err := os.WriteFile(filepath.Join(r.dir, "chrononctl.yaml"), []byte(project), 0o600); err != nil {
		t.Fatal(err)
	}
	r.contexts = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(r.contexts, []byte("contexts:\n  prod: {"+keys+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.env = map[string]string{"CHRONONCTL_CONFIG": r.contexts, "CANARY": canary, "AWS_ENDPOINT_URL_MWAA": s.server.URL, "HOME": r.dir}
	if strings.Contains(keys, "service: ") {
		r.network = s.server.Client().Transport // AWS's certificate is not ours to choose
	}
	return r
}

func (r *run) process(args []string, streams term.Streams) cmd.Process {
	return cmd.Process{Args: args, Streams: streams, Getenv: func(k string) string { return r.env[k] }, Dir: r.dir, Transport: r.network, MaxTries: 1}
}

func (r *run) command(ctx context.Context, args ...string) {
	var out bytes.Buffer
	code := cmd.Main(ctx, r.process(args, term.Streams{In: strings.NewReader(""), Out: &out, Err: &out}))
	fmt.Fprintf(&r.shown, "$ chrononctl %s\n%s(exit %d)\n", strings.Join(args, " "), out.String(), code)
}

// console opens the console until it has drawn something, and for a moment more.
func (r *run) console(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, keys := io.Pipe()
	defer keys.Close()
	frames := &safeBuffer{first: func() { time.AfterFunc(200*time.Millisecond, cancel) }}
	streams := term.Streams{In: in, Out: frames, Err: frames, InTerminal: true, OutTerminal: true, ErrTerminal: true, Width: 120, Environ: []string{"TERM=xterm-256color", "COLUMNS=120", "LINES=40"}}
	cmd.Main(ctx, r.process([]string{"console", "--interval", "50ms"}, streams))
	fmt.Fprintf(&r.shown, "console:\n%s\n", frames.String())
}

// safeBuffer takes frames from the goroutine that draws.
type safeBuffer struct {
	first func() // is told of the first one

	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len() == 0 {
		b.first()
	}
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// saw makes sure that the commands did reach what they were to reach.
func (r *run) saw(t *testing.T, place string, status int) {
	t.Helper()
	wanted := []string{"$ chrononctl config show\nversion: 1"}
	if signsIn[place] {
		wanted = append(wanted, "console:\n\x1b", map[int]string{0: "$ chrononctl status\n(exit 0)", 401: "(HTTP 401)", 500: "(HTTP 500)"}[status])
	}
	if place == "any certificate" && status == 0 {
		wanted = append(wanted, `"context": "prod (certificate not checked)"`)
	}
	for _, text := range wanted {
		if !strings.Contains(r.shown.String(), text) {
			t.Errorf("%q is not shown in\n%s", text, r.shown.String())
		}
	}
}

// check looks at what was shown and at what was written.
func (r *run) check(t *testing.T) {
	t.Helper()
	if found := leaks(r.shown.String()); len(found) > 0 {
		t.Errorf("%q is shown in\n%s", found, r.shown.String())
	}
	for _, dir := range []string{r.target, r.dir} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(filepath.Join(dir, path))
			if found := leaks(string(text)); len(found) > 0 {
				t.Errorf("%q is written into %s", found, path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
