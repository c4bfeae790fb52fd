package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"chrononctl/dagspec"
	"chrononctl/internal/config"
)

const (
	docsPage     = "../../docs/project-file.md"
	contextsPage = "../../docs/contexts.md"
)

// everything is a project file with every key at a value that is not its default.
const everything = `version: 1
naming: {batch: "b_{team}"}
layout: dag
kv_load: {callable: ours.kv:load}
chronon: {confs: compiled, delivery: {repo: /opt/chronon}}
run:
  python: python
  run_py: /run.py
  env: {A: b}
  args: [--chronon-jar, x.jar]
  queue: q
  pool: p
  runner: ours.pods:run
dags: {start_date: 2026-01-02, retries: 3, retry_delay: 7m, timeout: 2d, alert: ours.alerts:page, parts: {payments: 2}, join_backfill: parts, stats: true, load_stats: true, metadata_export: ns.confs, metadata_upload: true}
sensors: {kind: sql, connection: c, argv: [a], callable: m:f, poke: 90s, timeout: 3d, missing_table: 0s, pool: s}
streaming: {every: 30m, list_apps: [yarn, apps], max_restarts: 1}
serving: {stream_ttl: 7d, batch_ttl: 14d}
consistency: {reader: sql, connection: c, argv: [a], budgets: {mismatch: 2.5%, missing: 0.125}, min_rows: 5, fail_task: true}
targets:
  prod: {kind: dir, path: /dags, folder: ours, state: /state}
  branch: {kind: git, url: u, branch: main, path: dags, folder: ours, state: s}
  amazon: {kind: s3, bucket: b, path: dags, folder: ours, state: s, region: r, profile: p, endpoint: e}
  google: {kind: gcs, bucket: b, path: dags, folder: ours, state: s, endpoint: e}
  far: {kind: sftp, host: h, path: /dags, folder: ours, state: /s, port: 22, user: u}
  tool: {kind: command, argv: [t, "{folder}"], state: /s}
`

func TestEveryKeyIsDocumentedAndHasAnExample(t *testing.T) {
	t.Parallel()
	for _, key := range config.Keys() {
		if !strings.HasSuffix(key.Doc, ".") || key.Type == "" {
			t.Errorf("%s: the sentence is %q, the type %q", key.Path, key.Doc, key.Type)
		}
		if key.Default() == "" && key.Example == "" {
			t.Errorf("%s has neither a default nor an example", key.Path)
		}
	}
}

func TestEveryKeyReachesTheProjectAndIsShownAgain(t *testing.T) {
	t.Parallel()
	p, err := config.ParseProject("chrononctl.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	defaults := config.DefaultProject()
	before := map[string]any{}
	for _, s := range defaults.Explain() {
		before[s.Key] = s.Value
	}
	for _, s := range p.Explain() {
		if s.Key != "version" && reflect.DeepEqual(s.Value, before[s.Key]) {
			t.Errorf("%s has its default %v, although the file says otherwise", s.Key, s.Value)
		}
		if s.Line == 0 {
			t.Errorf("%s is said to be a default", s.Key)
		}
		var value any
		if err := yaml.Unmarshal([]byte(s.Text()), &value); err != nil || strings.Contains(s.Text(), "\n") {
			t.Errorf("%s is shown as %q: %v", s.Key, s.Text(), err)
		}
	}
	again, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	q, err := config.ParseProject("chrononctl.yaml", again)
	if err != nil {
		t.Fatalf("what is shown cannot be read: %v\n%s", err, again)
	}
	if diff := cmp.Diff(p.Settings, q.Settings, cmpopts.EquateComparable(dagspec.Date{})); diff != "" {
		t.Errorf("what is shown means something else:\n%s", diff)
	}
	if diff := cmp.Diff(p.Serving, q.Serving); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(p.Targets, q.Targets); diff != "" {
		t.Error(diff)
	}
}

func TestExplainNamesTheLine(t *testing.T) {
	t.Parallel()
	p, err := config.ParseProject("chrononctl.yaml", []byte("version: 1\nsensors:\n  kind: none\n\n  poke: 2m\n"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, s := range p.Explain() {
		lines[s.Key] = s.Line
	}
	if lines["sensors.kind"] != 3 || lines["sensors.poke"] != 5 || lines["sensors.timeout"] != 0 {
		t.Errorf("got %v", lines)
	}
}

func TestTemplateMeansTheDefaults(t *testing.T) {
	t.Parallel()
	p, err := config.ParseProject("chrononctl.yaml", []byte(config.Template()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.DefaultProject().Settings, p.Settings, cmpopts.EquateComparable(dagspec.Date{})); diff != "" || len(p.Targets) > 0 {
		t.Errorf("the template sets something:\n%s", diff)
	}
	for line := range strings.Lines(config.Template()) {
		if len(line) > 125 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

var commentedOut = regexp.MustCompile(`(?m)^( *)# ([a-z_0-9]+:( |$))`)

func TestTemplateCanBeUsedKeyByKey(t *testing.T) {
	t.Parallel()
	text := commentedOut.ReplaceAllString(config.Template(), "$1$2")
	p, err := config.ParseProject("chrononctl.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, s := range p.Explain() {
		if s.Line == 0 {
			t.Errorf("the template does not have %s", s.Key)
		}
	}
	if err := schemaOf(t).Validate(document(t, text)); err != nil {
		t.Errorf("the schema refuses the template: %v", err)
	}
}

// schemaOf compiles the schema with a validator that is not ours.
func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("chrononctl.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("chrononctl.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// document is YAML as a JSON Schema validator sees it.
func document(t *testing.T, text string) any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSchemaAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	compiled := schemaOf(t)
	for name, tc := range map[string]struct {
		text string
		ok   bool
	}{
		"every key":             {everything, true},
		"the template":          {config.Template(), true},
		"word for kv_load":      {"version: 1\nkv_load: none", true},
		"preset":                {"naming: boilerplate", true},
		"bundle":                {"chronon: {delivery: bundle}", true},
		"another version":       {"version: 2", false},
		"unknown key":           {"sensor: {kind: hive}", false},
		"unknown nested key":    {"sensors: {knd: hive}", false},
		"unknown word":          {"sensors: {kind: hvie}", false},
		"section that is text":  {"run: text", false},
		"no span":               {"sensors: {poke: soon}", false},
		"negative number":       {"dags: {retries: -1}", false},
		"no function":           {"dags: {alert: page}", false},
		"both of kv_load":       {"kv_load: {argv: [a], callable: b:c}", false},
		"kind of DAG":           {"naming: {batches: x}", false},
		"share above the whole": {"consistency: {budgets: {mismatch: 1.5}}", false},
		"unknown target key":    {"targets: {a: {kind: dir, path: b, usr: c}}", false},
		"unknown target kind":   {"targets: {a: {kind: ftp, path: b}}", false},
	} {
		_, readErr := config.ParseProject("chrononctl.yaml", []byte(tc.text))
		schemaErr := compiled.Validate(document(t, tc.text))
		if (readErr == nil) != tc.ok || (schemaErr == nil) != tc.ok {
			t.Errorf("%s: want ok %v; the reader says %v, the schema says %v", name, tc.ok, readErr, schemaErr)
		}
	}
}

func TestSchemaShowsDefaults(t *testing.T) {
	t.Parallel()
	data, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]struct {
			Properties map[string]struct {
				Default     any
				Description string
			}
		}
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Properties["sensors"].Properties["timeout"]; got.Default != "48h" || got.Description == "" {
		t.Errorf("got %+v", got)
	}
}

func TestDocumentationIsUpToDate(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{docsPage: config.Reference(), contextsPage: config.ContextReference()} {
		if os.Getenv("UPDATE_DOCS") != "" {
			if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("run UPDATE_DOCS=1 go test ./internal/config, and read what changed in %s:\n%s", page, diff)
		}
	}
}

func TestProjectFileReportsWhatNoSingleKeyShows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sensors: {kind: command}":                       "sensors.argv is missing",
		"sensors: {kind: callable}":                      "sensors.callable is missing",
		"sensors: {kind: sql}":                           "sensors.connection is missing",
		"consistency: {reader: sql}":                     "consistency.connection is missing",
		"consistency: {reader: command}":                 "consistency.argv is missing",
		"targets: {a: {path: b}}":                        "targets.a.kind is missing",
		"targets: {a: {kind: dir}}":                      "targets.a.path is missing: the folder that Airflow reads",
		"targets: {a: {kind: s3, path: dags}}":           "targets.a.bucket is missing",
		"targets: {a: {kind: git, url: u, path: dags}}":  "targets.a.branch is missing",
		"targets: {a: {kind: sftp, path: /dags}}":        "targets.a.host is missing",
		"targets: {a: {kind: command, argv: [x]}}":       "targets.a.state is missing",
		"targets: {a: {kind: dir, path: b, user: c}}":    "targets.a.user: a target of kind dir has no user",
		"airflow: {version: auto}":                       `there is no key "airflow": the same generated files`,
		"dags: {alerts: x}":                              `there is no key "dags.alerts": write dags.alert`,
		"naming: {streamin: x}":                          `"streamin" is no kind of DAG (did you mean "streaming"?)`,
		"chronon: {delivery: {repo: a}}\nrun: {repo: b}": "run.repo and chronon.delivery both name",
	} {
		if _, err := config.ParseProject("chrononctl.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

var inBackticks = regexp.MustCompile("`([a-z_]+(?:\\.[a-z_]+)+)[:`]")

func TestPageForBoilerplateNamesKeysThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/from-boilerplate.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"teams.json": true, "chrononctl.yaml": true, "project-file.md": true}
	sections := map[string]bool{}
	for _, key := range config.Keys() {
		known[key.Path] = true
		section, _, _ := strings.Cut(key.Path, ".")
		sections[section] = true
	}
	named := 0
	for _, match := range inBackticks.FindAllStringSubmatch(string(page), -1) {
		section, _, _ := strings.Cut(match[1], ".")
		if sections[section] {
			named++
		}
		if sections[section] && !known[match[1]] {
			t.Errorf("the page names the key %s, which there is none of", match[1])
		}
	}
	if named < 20 {
		t.Errorf("only %d keys were found on the page", named)
	}
}
