package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/internal/config"
)

// everyContextKey is a context with every key.
const everyContextKey = `
contexts:
  x:
    url: https://a/dep/
    username: ana
    password_env: A
    password_command: [b]
    password_file: c
    token_env: D
    token_command: [e]
    token_file: f
    service: mwaa
    environment: MyEnvironment
    aws_region: r
    aws_profile: p
    ca_file: ca.pem
    client_cert_file: cert.pem
    client_key_file: key.pem
    server_name: airflow.example.com
    insecure: true
    timeout: 90s
    read_only: true
    color: red
`

func TestEveryContextKeyReachesTheContext(t *testing.T) {
	t.Parallel()
	all, err := config.ParseContexts("config.yaml", []byte(everyContextKey))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Context{
		Name: "x", URL: "https://a/dep", Username: "ana", PasswordEnv: "A", PasswordCommand: []string{"b"}, PasswordFile: "c",
		TokenEnv: "D", TokenCommand: []string{"e"}, TokenFile: "f", Service: config.MWAA, Environment: "MyEnvironment", AWSRegion: "r", AWSProfile: "p",
		CAFile: "ca.pem", ClientCertFile: "cert.pem", ClientKeyFile: "key.pem", ServerName: "airflow.example.com", Insecure: true,
		Timeout: 90 * time.Second, ReadOnly: true, Color: "red", Source: "config.yaml",
	}
	if diff := cmp.Diff(want, all.ByName["x"]); diff != "" {
		t.Error(diff)
	}
	for name := range strings.SplitSeq(everyContextKey, "\n") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
		if name != "" && name != "contexts" && name != "x" && !strings.Contains(config.ContextReference(), "`contexts.NAME."+name+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
}

// A guard of the environment holds for every context, and cannot be loosened by what is no plain no.
func TestTheEnvironmentForbidsChangesInEveryContext(t *testing.T) {
	t.Parallel()
	all, err := config.ParseContexts("config.yaml", []byte("contexts:\n  open: {url: https://a}\n  closed: {url: https://b, read_only: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for value, forbids := range map[string]bool{"": false, "0": false, "false": false, "No": false, "off": false, "1": true, "true": true, "YES": true, "ture": true} {
		for _, name := range []string{"open", "closed", ""} {
			env := map[string]string{"CHRONONCTL_READ_ONLY": value, "CHRONONCTL_URL": "https://c"}
			got, err := all.Choose(name, func(key string) string { return env[key] })
			if want := forbids || name == "closed"; err != nil || got.ReadOnly != want {
				t.Errorf("%q, context %q: read-only %v, want %v (%v)", value, name, got.ReadOnly, want, err)
			}
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestDocumentedContextsCanBeRead(t *testing.T) {
	t.Parallel()
	blocks := yamlBlock.FindAllStringSubmatch(config.ContextReference(), -1)
	for _, block := range blocks {
		if _, err := config.ParseContexts("config.yaml", []byte(block[1])); err != nil {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
	if len(blocks) != 2 {
		t.Errorf("%d examples, want 2", len(blocks))
	}
}

func TestContextsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{username: ana}":                         "contexts.x.url is missing",
		"{service: composer}":                     "contexts.x.url is missing",
		"{service: mwaa}":                         "contexts.x.environment is missing",
		"{service: mwaa-api, url: 'https://a'}":   "contexts.x.environment is missing",
		"{service: gcc, url: 'https://a'}":        `"gcc" is none of mwaa, mwaa-api, composer`,
		"{url: 'https://a', client_cert_file: c}": "contexts.x.client_cert_file and client_key_file belong together",
		"{url: 'https://a', insecure: perhaps}":   "contexts.x.insecure: must be true or false",
		"{url: 'https://a', timeout: soon}":       "no length of time",
		"{url: 'https://a', ca_fil: c}":           `did you mean "ca_file"?`,
		"{url: 'https://a', password: geheim}":    `unknown key "contexts.x.password"`,
	} {
		_, err := config.ParseContexts("config.yaml", []byte("contexts:\n  x: "+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestCertificatesAreReadAndTheKeyIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"ca", "cert", "key"} {
		if err := os.WriteFile(path(name), []byte("of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := config.Context{CAFile: path("ca"), ClientCertFile: path("cert"), ClientKeyFile: path("key")}
	got, err := c.Certificates()
	if err != nil || string(got.CA) != "of ca" || string(got.Cert) != "of cert" || string(got.Key) != "of key" {
		t.Errorf("got %s, %v", got, err)
	}
	if err := os.Chmod(path("key"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Certificates(); err == nil || !strings.Contains(err.Error(), "client key: others can read") {
		t.Errorf("a key that others can read was accepted: %v", err)
	}
	if _, err := (config.Context{CAFile: path("none")}).Certificates(); err == nil || !strings.Contains(err.Error(), "certificate authorities: ") {
		t.Errorf("got %v", err)
	}
}
