package cmd

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/query"
	"chrononctl/internal/term"
)

type pet struct{ name, mood, seen string }

func petView() view[pet] {
	return view[pet]{
		columns: []column[pet]{
			{title: "NAME", text: func(p pet) string { return p.name }},
			{title: "MOOD", text: func(p pet) string { return p.mood }},
			{title: "SEEN", text: func(p pet) string { return p.seen }, moves: true},
		},
		fields: []query.Field[pet]{query.Text("mood", "its mood", func(p pet) string { return p.mood })},
		name:   func(p pet) string { return p.name },
		object: func(p pet) any {
			return struct {
				Name string `json:"name"`
				Mood string `json:"mood"`
			}{p.name, p.mood}
		},
		none: "No pets.",
	}
}

// watched runs --watch over looks, one a second, and returns what was printed.
func watched(t *testing.T, output string, terminal bool, looks ...func() ([]pet, []string, error)) (out, problems string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		a := &app{Process: Process{Now: time.Now, Getenv: func(string) string { return "" }, Streams: term.Streams{Out: &stdout, Err: &stderr, OutTerminal: terminal}}}
		ctx, cancel := context.WithCancel(t.Context())
		at := 0
		flags := viewFlags{output: outputFlag{value: output, allowed: []string{output}}, watch: true, interval: time.Second, query: "!mood:hidden"}
		err := show(ctx, a, petView(), flags, func(context.Context) ([]pet, []string, error) {
			if at == len(looks) {
				cancel()
				return nil, nil, ctx.Err()
			}
			at++
			return looks[at-1]()
		})
		if code := exitCode(err); code != ExitInterrupted || err.Error() != "" {
			t.Errorf("it ended with %d, %v", code, err)
		}
		out, problems = stdout.String(), stderr.String()
	})
	return out, problems
}

func saw(pets ...pet) func() ([]pet, []string, error) {
	return func() ([]pet, []string, error) { return pets, nil, nil }
}

func TestWatchingAPipeTellsEachChangeOnce(t *testing.T) {
	t.Parallel()
	out, problems := watched(t, formatAuto, false,
		saw(pet{"rex", "calm", "1"}, pet{"tom", "calm", "1"}, pet{"ghost", "hidden", "1"}),
		saw(pet{"rex", "calm", "2"}, pet{"tom", "wild", "2"}),
		func() ([]pet, []string, error) { return nil, nil, errors.New("the door is shut") },
		func() ([]pet, []string, error) {
			return []pet{{"tom", "wild", "4"}, {"kit", "calm", "4"}}, []string{"the attic was not looked at"}, nil
		},
		func() ([]pet, []string, error) {
			return []pet{{"tom", "wild", "5"}, {"kit", "calm", "5"}}, []string{"the attic was not looked at"}, nil
		},
	)
	want := "2000-01-01T00:00:00Z\tthere\trex\tcalm\t1\n2000-01-01T00:00:00Z\tthere\ttom\tcalm\t1\n2000-01-01T00:00:01Z\tchanged\ttom\twild\t2\n" +
		"2000-01-01T00:00:03Z\tnew\tkit\tcalm\t4\n2000-01-01T00:00:03Z\tgone\trex\tcalm\t2\n"
	if out != want {
		t.Errorf("it printed\n%s\nwant\n%s", out, want)
	}
	if want := "chrononctl: the door is shut\nchrononctl: warning: the attic was not looked at\n"; problems != want {
		t.Errorf("it warned\n%s\nwant\n%s", problems, want)
	}
}

func TestWatchingAsJSONLinesTellsWhatChanged(t *testing.T) {
	t.Parallel()
	out, _ := watched(t, formatJSONL, false, saw(pet{"rex", "calm", "1"}), saw())
	want := `{"at":"2000-01-01T00:00:00Z","change":"there","row":{"name":"rex","mood":"calm"}}` + "\n" +
		`{"at":"2000-01-01T00:00:01Z","change":"gone","row":{"name":"rex","mood":"calm"}}` + "\n"
	if out != want {
		t.Errorf("it printed\n%s\nwant\n%s", out, want)
	}
}

func TestWatchingATerminalReplacesEachLook(t *testing.T) {
	t.Parallel()
	out, _ := watched(t, formatAuto, true, saw(pet{"rex", "calm", "1"}), saw())
	want := "\x1b[H\x1b[2JNAME  MOOD  SEEN\nrex   calm  1\n\x1b[H\x1b[2JNo pets.\n"
	if out != want {
		t.Errorf("it printed\n%q\nwant\n%q", out, want)
	}
}

// TestTextFromElsewhereDoesNoHarmOnATerminal shows hostile text in each format, on a terminal and on a pipe.
func TestTextFromElsewhereDoesNoHarmOnATerminal(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u009b31m\u202egnp.exe"
	for _, format := range []string{formatTable, formatJSON, formatJSONL, formatName, "jq"} {
		var out bytes.Buffer
		a := &app{Process: Process{Now: time.Now, Getenv: func(string) string { return "" }, Streams: term.Streams{Out: &out, Err: &out, OutTerminal: true}}}
		flags := viewFlags{output: outputFlag{value: format, allowed: []string{format}}}
		if format == "jq" {
			flags = viewFlags{jq: ".[].name"}
			flags.output.allowed = []string{formatJSON}
		}
		look := func(context.Context) ([]pet, []string, error) { return []pet{{evil, "calm", "1"}}, nil, nil }
		if err := show(t.Context(), a, petView(), flags, look); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\u009b\u202e") || !strings.Contains(out.String(), "gnp.exe") {
			t.Errorf("%s prints %q", format, out.String())
		}
	}
}

func TestLogsDoNoHarmOnATerminalAndStayWholeOnAPipe(t *testing.T) {
	t.Parallel()
	for terminal, want := range map[bool]string{true: "^[[2Jgone\n", false: "\x1b[2Jgone\n"} {
		var out bytes.Buffer
		r := logReader{app: &app{Process: Process{Streams: term.Streams{Out: &out, OutTerminal: terminal}}}}
		r.line(airflowclient.LogLine{Text: "\x1b[2Jgone"})
		if out.String() != want {
			t.Errorf("terminal %v: %q, want %q", terminal, out.String(), want)
		}
	}
}
