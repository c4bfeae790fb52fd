package cmd

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/term"
)

// TestPlanningSaysHowFarItIs counts 40 answers of half a second each.
func TestPlanningSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		terminal bool
		total    int
		upTo     int // answers until it ends
		want     []string
	}{
		"on a terminal": {true, 40, 40, []string{
			"Airflow has told of 1 of 40 DAGs what a clear takes, 0s", "Airflow has told of 21 of 40 DAGs what a clear takes, 10s, about 9s to go",
			"Airflow has told of 39 of 40 DAGs what a clear takes, 19s", "",
		}},
		"interrupted":     {true, 40, 2, []string{"Airflow has told of 1 of 40 DAGs what a clear takes, 0s", ""}},
		"on a pipe":       {false, 40, 40, []string{"chrononctl: Airflow has told of 40 of 40 DAGs what a clear takes, 20s"}},
		"of a few, never": {true, 3, 3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			p := planProgress{streams: term.Streams{Err: &said, ErrTerminal: tc.terminal}, now: func() time.Time { return now }}
			for done := range tc.upTo {
				p.count(done+1, tc.total)
				now = now.Add(500 * time.Millisecond)
			}
			p.end()
			text := strings.Split(strings.TrimSuffix(said.String(), "\n"), "\r\x1b[K")
			for _, want := range tc.want {
				if !slices.Contains(text, want) {
					t.Errorf("never said %q, only %q", want, text)
				}
			}
			if tc.terminal && text[len(text)-1] != "" || tc.want == nil && said.Len() > 0 {
				t.Errorf("it leaves %q", text[len(text)-1])
			}
		})
	}
}
