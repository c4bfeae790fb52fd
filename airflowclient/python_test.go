package airflowclient

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// repr writes a string as Python does.
func repr(text string) string {
	quote := `'`
	if strings.Contains(text, `'`) && !strings.Contains(text, `"`) {
		quote = `"`
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\\' || string(r) == quote:
			b.WriteString(`\` + string(r))
		case r < 0x20 || r >= 0x7f && r <= 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == 0x2028 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r >= 0xe0000:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return quote + b.String() + quote
}

func TestPythonNotationComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "texts")
		var pairs []string
		var want []string
		for _, text := range texts {
			pairs = append(pairs, "("+repr("host")+", "+repr(text)+")")
			want = append(want, "host", text)
		}
		got, err := pythonStrings("[" + strings.Join(pairs, ", ") + "]")
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	})
}

func TestPythonNotationNeverPanics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := "[(" + rapid.StringOf(rapid.SampledFrom([]rune(`'"\xuUn0a9()[], `))).Draw(t, "text")
		if got, err := pythonStrings(text); err != nil && got != nil {
			t.Fatalf("%q gave %q and %v", text, got, err)
		}
	})
}
