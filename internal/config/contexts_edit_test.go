package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chrononctl/internal/config"
)

const written = `# My Airflows.
current: prod   # the big one

contexts:
  # for everybody
  prod: {url: "https://a", token_env: T}   # keep
  dev:
    url: http://localhost:8080
    password_command: [pass,
      dev]

# the end
`

func edited(t *testing.T, before string, change func(*config.ContextsEdit) error) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sub", "config.yaml")
	if before != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(before), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	edit, err := config.EditContexts(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := change(edit); err != nil {
		return before, err
	}
	if err := edit.Save(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(after), nil
}

func TestEditingContextsTouchesNothingElse(t *testing.T) {
	t.Parallel()
	values := []config.ContextValue{
		{Key: "url", Value: "https://b: c"}, {Key: "token_command", Value: []string{"a b", "#"}}, {Key: "read_only", Value: true}, {Key: "color", Value: "1"},
	}
	added := "  new:\n    url: \"https://b: c\"\n    token_command: [a b, \"#\"]\n    read_only: true\n    color: \"1\"\n"
	for name, c := range map[string]struct {
		before string
		change func(*config.ContextsEdit) error
		after  string
	}{
		"add to a file that is not there": {"", func(e *config.ContextsEdit) error { return e.Add("new", values) }, "contexts:\n" + added},
		"add behind the others": {
			written, func(e *config.ContextsEdit) error { return e.Add("new", values) },
			strings.Replace(written, "      dev]\n", "      dev]\n"+added, 1),
		},
		"add to a file with an empty key": {"contexts:\n# more\n", func(e *config.ContextsEdit) error { return e.Add("new", values) }, "contexts:\n" + added + "# more\n"},
		"use another":                     {written, func(e *config.ContextsEdit) error { return e.Use("dev") }, strings.Replace(written, "current: prod   #", "current: dev  #", 1)},
		"use where none was":              {"# top\ncontexts:\n  dev: {url: \"http://d\"}\n", func(e *config.ContextsEdit) error { return e.Use("dev") }, "# top\ncurrent: dev\ncontexts:\n  dev: {url: \"http://d\"}\n"},
		"remove one of several lines": {
			written, func(e *config.ContextsEdit) error { return e.Remove("dev") },
			written[:strings.Index(written, "  dev:")] + written[strings.Index(written, "\n# the end"):],
		},
		"remove the current one": {
			written, func(e *config.ContextsEdit) error { return e.Remove("prod") },
			strings.Replace(strings.Replace(written, "current: prod   # the big one\n", "", 1), "  prod: {url: \"https://a\", token_env: T}   # keep\n", "", 1),
		},
		"remove the last one": {"contexts:\n  dev: {url: \"http://d\"}\n", func(e *config.ContextsEdit) error { return e.Remove("dev") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := edited(t, c.before, c.change)
			if err != nil {
				t.Fatal(err)
			}
			if after != c.after {
				t.Errorf("the file is now\n%s\nwant\n%s", after, c.after)
			}
		})
	}
}

func TestEditingContextsRefusesWhatItCannotDoSafely(t *testing.T) {
	t.Parallel()
	byHand := func(err error) bool {
		_, ok := errors.AsType[*config.ByHandError](err)
		return ok
	}
	wrong := func(err error) bool {
		_, ok := errors.AsType[config.FileErrors](err)
		return ok
	}
	some := func(err error) bool { return err != nil }
	for name, c := range map[string]struct {
		before string
		change func(*config.ContextsEdit) error
		is     func(error) bool
	}{
		"a flow mapping": {"contexts: {dev: {url: \"http://d\"}}\n", func(e *config.ContextsEdit) error {
			return e.Add("x", []config.ContextValue{{Key: "url", Value: "http://x"}})
		}, byHand},
		"a removal from a flow mapping": {"contexts: {dev: {url: \"http://d\"}}\n", func(e *config.ContextsEdit) error { return e.Remove("dev") }, byHand},
		"a context without an address":  {"", func(e *config.ContextsEdit) error { return e.Add("x", nil) }, some},
		"a wrong value": {"", func(e *config.ContextsEdit) error {
			return e.Add("x", []config.ContextValue{{Key: "url", Value: "http://x"}, {Key: "timeout", Value: "soon"}})
		}, wrong},
		"a name that is there": {written, func(e *config.ContextsEdit) error { return e.Add("prod", nil) }, some},
		"a name that is none":  {written, func(e *config.ContextsEdit) error { return e.Add("a: b", nil) }, some},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := edited(t, c.before, c.change)
			if !c.is(err) {
				t.Errorf("the error is %v; the file is\n%s", err, after)
			}
		})
	}
}

func TestExplainedContextsNameTheirLinesAndNoArguments(t *testing.T) {
	t.Parallel()
	all, err := config.ParseContexts("f", []byte(written))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, s := range config.ExplainContext(all.ByName["dev"], []byte(written)) {
		lines[s.Key] = s.Line
		if s.Key == "password_command" && s.Text() != "[pass, …]" {
			t.Errorf("the command is shown as %s", s.Text())
		}
	}
	if lines["url"] != 8 || lines["password_command"] != 9 || lines["timeout"] != 0 {
		t.Errorf("lines %v", lines)
	}
}
