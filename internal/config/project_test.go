package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/config"
)

func TestProjectFileSetsWhatItNames(t *testing.T) {
	t.Parallel()
	p, err := config.ParseProject("chrononctl.yaml", []byte(`
version: 1
chronon: {confs: compiled, delivery: {repo: /srv/chronon}}
naming: boilerplate
run:
  python: /opt/venv/bin/python
  env: {CHRONON_DRIVER_JAR: /srv/chronon.jar}
dags: {start_date: 2026-11-01, timeout: 4d, retries: 2}
sensors: {kind: command, argv: [has, "{table}", "{partition}"], poke: 90s}
kv_load: {argv: [load, "{table}"]}
streaming: {every: 15m, max_restarts: 3}
consistency: {budgets: {mismatch: 1%, missing: 0.05}}
targets:
  prod: {kind: dir, path: /opt/airflow/dags}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Settings
	for name, ok := range map[string]bool{
		"confs":      s.ConfRoot == "compiled",
		"delivery":   !s.Bundle && s.Run.Repo == "/srv/chronon",
		"naming":     s.Naming[dagspec.KindBatch] == "chronon_group_by_batch_{team}",
		"python":     s.Run.Python == "/opt/venv/bin/python",
		"env":        s.Run.Env["CHRONON_DRIVER_JAR"] == "/srv/chronon.jar",
		"start_date": s.DAGs.Start.String() == "2026-11-01",
		"timeout":    s.DAGs.Timeout == 96*time.Hour,
		"retries":    s.DAGs.Retries == 2,
		"sensors":    s.Sensors.Kind == "command" && len(s.Sensors.Argv) == 3 && s.Sensors.Poke == 90*time.Second,
		"kv_load":    s.KVLoad != nil && s.KVLoad.Argv[0] == "load" && !s.NoKVLoad,
		"streaming":  s.Stream.Every == 15*time.Minute && s.Stream.MaxRestarts == 3,
		"budgets":    s.Compare.Mismatch == 0.01 && s.Compare.Missing == 0.05,
		"target":     p.Targets["prod"].Path == "/opt/airflow/dags",
		"our folder": p.Targets["prod"].Folder == "chronon",
	} {
		if !ok {
			t.Errorf("%s was not taken over: %+v", name, p)
		}
	}
}

func TestProjectFileReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.ParseProject("chrononctl.yaml", []byte(`version: 2
sensor: {kind: hive}
sensors:
  kind: hvie
  timeout: soon
  timeout: 4d
dags:
  start_date: 01.11.2026
run: text
kv_load: {argv: [a], callable: b}
targets:
  prod: {kind: ftp}
`))
	want := []string{
		"chrononctl.yaml:1: version: this chrononctl reads version 1, not 2",
		`chrononctl.yaml:2: unknown key "sensor" (did you mean "sensors"?)`,
		`chrononctl.yaml:4: sensors.kind: "hvie" is none of hive, sql, command, callable, none`,
		`chrononctl.yaml:5: sensors.timeout: "soon" is no length of time, such as 90s, 15m, 48h or 4d`,
		`chrononctl.yaml:6: key "timeout" stands twice`,
		`chrononctl.yaml:8: dags.start_date: "01.11.2026" is no day, such as 2026-11-21`,
		"chrononctl.yaml:9: run must be a mapping of keys to values",
		"chrononctl.yaml:10: kv_load: must be none",
		`chrononctl.yaml:12: targets.prod.kind: "ftp" is none of dir, git, s3, gcs, sftp, command`,
	}
	var problems config.FileErrors
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	got := strings.Split(problems.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d problems, want %d:\n%s", len(got), len(want), problems)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("problem %d\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestProjectFileThatIsNoYAML(t *testing.T) {
	t.Parallel()
	_, err := config.ParseProject("chrononctl.yaml", []byte("a: [1\nb: }"))
	if err == nil || !strings.Contains(err.Error(), "not YAML") {
		t.Fatalf("got %v", err)
	}
}

func TestRepositoryWithoutAProjectFileHasTheDefaults(t *testing.T) {
	t.Parallel()
	p, err := config.ReadProject(fstest.MapFS{})
	if err != nil || p.Settings.ConfRoot != "production" || !p.Settings.Bundle {
		t.Fatalf("got %+v, %v", p, err)
	}
}

func FuzzProject(f *testing.F) {
	f.Add("version: 1\ntargets: {a: {kind: dir, path: b}}")
	f.Add("sensors:\n  - x\n? y\n: z")
	f.Fuzz(func(_ *testing.T, s string) {
		// Whatever is in the file, reading it ends in a value or in an error, and never in a panic.
		_, _ = config.ParseProject("chrononctl.yaml", []byte(s))
	})
}

func TestContextIsChosenByNameThenEnvironmentThenCurrent(t *testing.T) {
	t.Parallel()
	all, err := config.ParseContexts("config.yaml", []byte("current: prod\ncontexts:\n  prod: {url: 'https://a/'}\n  dev: {url: 'http://b', read_only: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		flag string
		env  map[string]string
		want string
	}{
		"the current one":  {want: "https://a"},
		"the flag":         {flag: "dev", env: map[string]string{"CHRONONCTL_CONTEXT": "prod"}, want: "http://b"},
		"the environment":  {env: map[string]string{"CHRONONCTL_CONTEXT": "dev"}, want: "http://b"},
		"an address there": {env: map[string]string{"CHRONONCTL_URL": "http://c"}, want: "http://c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := all.Choose(tc.flag, func(k string) string { return tc.env[k] })
			if err != nil || got.URL != tc.want {
				t.Errorf("got %q, %v; want %q", got.URL, err, tc.want)
			}
		})
	}
}

func TestNoContextSaysHowToNameOne(t *testing.T) {
	t.Parallel()
	_, err := config.Contexts{}.Choose("", func(string) string { return "" })
	var none config.NoContextError
	if !errors.As(err, &none) || !strings.Contains(none.Hint(), "CHRONONCTL_URL") {
		t.Fatalf("got %v", err)
	}
}

func TestSecretsComeFromTheirSource(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(k string) string { return map[string]string{"PW": "from-env"}[k] }
	for name, tc := range map[string]struct {
		context config.Context
		want    string
	}{
		"environment": {config.Context{PasswordEnv: "PW"}, "from-env"},
		"command":     {config.Context{PasswordCommand: []string{"echo", "from-command"}}, "from-command"},
		"file":        {config.Context{PasswordFile: file}, "from-file"},
		"nothing":     {config.Context{}, ""},
	} {
		if got, err := tc.context.Password(t.Context(), env); err != nil || got != tc.want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (config.Context{PasswordFile: file}).Password(t.Context(), env); err == nil || !strings.Contains(err.Error(), "0644") {
		t.Errorf("a file that others can read was accepted: %v", err)
	}
	if _, err := (config.Context{PasswordCommand: []string{"false"}}).Password(t.Context(), env); err == nil {
		t.Error("a failing command was accepted")
	}
}
