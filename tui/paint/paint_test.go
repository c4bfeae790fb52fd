package paint_test

import (
	"image/color"
	"strings"
	"testing"

	"chrononctl/tui/paint"
)

func TestFitCutsAtColumnsNotBytes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text  string
		width int
		want  string
	}{
		"shorter text stays":          {"core", 6, "core"},
		"exact text stays":            {"ñandú", 5, "ñandú"},
		"longer text ends in a tail":  {"payments", 5, "paym…"},
		"wide runes are never halved": {"漢字漢字", 5, "漢字…"},
		"no room":                     {"core", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := paint.Fit(tc.text, tc.width, "…"); got != tc.want {
				t.Errorf("Fit(%q, %d) = %q, want %q", tc.text, tc.width, got, tc.want)
			}
		})
	}
}

func TestFitLeftKeepsTheEnd(t *testing.T) {
	t.Parallel()
	if got, want := paint.FitLeft("chronon_batch_dag_core", 9, "…"), "…dag_core"; got != want {
		t.Errorf("FitLeft = %q, want %q", got, want)
	}
}

func TestOverKeepsWhatIsBesideTheBox(t *testing.T) {
	t.Parallel()
	base := []string{"aaaaaaaa", "bb", "cccccccc"}
	got := strings.ReplaceAll(strings.Join(paint.Over(base, []string{"XX", "YY"}, 3, 1), "\n"), "\x1b[m", "")
	if want := "aaaaaaaa\nbb XX\ncccYYccc"; got != want {
		t.Errorf("Over = %q, want %q", got, want)
	}
}

func TestStyleOverABaseKeepsBoth(t *testing.T) {
	t.Parallel()
	style := paint.Colour(color.White).On(paint.Background(color.Black))
	got := style.Render("x")
	if !strings.HasPrefix(got, "\x1b[48;") || !strings.Contains(got, "\x1b[38;") || !strings.HasSuffix(got, "x\x1b[m") {
		t.Errorf("Render = %q, want background, foreground, text, reset", got)
	}
	if plain := (paint.Style{}).Render("x"); plain != "x" {
		t.Errorf("the zero style wrote %q", plain)
	}
}
