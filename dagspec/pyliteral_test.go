package dagspec

import (
	"encoding/json"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPyWriterKeepsToTheLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	w := &pyWriter{}
	w.assign("V", call("F", long).with("k", pyTuple{long, long, "y"}).with("n", pyTuple{pyTuple{1}, true}).with("f", 0.5).with("d", pyDict{"b": "2", "a": "1"}))
	want := `V = F(
    "` + long + `",
    k=("` + long + `", "` + long + `", "y"),
    n=((1,), True),
    f=0.5,
    d={"a": "1", "b": "2"},
)
`
	if got := string(w.out); got != want || w.err != nil {
		t.Errorf("wrote %v\n%s\nwant\n%s", w.err, got, want)
	}
}

func TestPyWriterRefusesWhatIsNoLiteral(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]pyValue{"bytes": "\xff", "not a number": math.NaN(), "infinity": math.Inf(1), "a type": struct{}{}, "nothing": nil} {
		w := &pyWriter{}
		w.assign("V", pyTuple{value})
		if w.err == nil {
			t.Errorf("%s is written as %s", name, string(w.out))
		}
	}
}

// everyRune holds each code point that could matter to a tokenizer, alone and beside its escapes.
func everyRune() []string {
	var all strings.Builder
	for r := range rune(0x3000) {
		all.WriteRune(r)
	}
	for _, r := range []rune{0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0xe0001, utf8.MaxRune} {
		all.WriteRune(r)
	}
	return []string{all.String(), `\u0041\x41\n`, `\`, `\\`, `"`, `'`, `"""`, "\r\n", "{}", "\x00"}
}

func TestPythonReadsTextLiteralsBack(t *testing.T) {
	t.Parallel()
	w := &pyWriter{}
	w.assign("TEXTS", pyTexts(everyRune()))
	command := exec.CommandContext(t.Context(), "python3", "-c", "import json, sys; exec(sys.stdin.read()); json.dump(TEXTS, sys.stdout)")
	command.Stdin = strings.NewReader(string(w.out))
	out, err := command.Output()
	if err != nil || w.err != nil {
		t.Fatalf("python3: %v, %v", err, w.err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, everyRune()) {
		t.Error("Python reads other texts than were written")
	}
}

// pyUnquote reads a Python literal as CPython's tokenizer does, as far as pyWriter may write one.
func pyUnquote(literal string) (string, bool) {
	if len(literal) < 2 || literal[0] != '"' || literal[len(literal)-1] != '"' {
		return "", false
	}
	simple := map[byte]rune{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '"': '"'}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}
	var out strings.Builder
	for rest := literal[1 : len(literal)-1]; rest != ""; {
		switch {
		case rest[0] < ' ' || rest[0] > '~' || rest[0] == '"':
			return "", false
		case rest[0] != '\\':
			out.WriteByte(rest[0])
			rest = rest[1:]
		case len(rest) < 2:
			return "", false
		case digits[rest[1]] > 0:
			n := digits[rest[1]]
			if len(rest) < 2+n {
				return "", false
			}
			var r rune
			for _, digit := range rest[2 : 2+n] {
				at := strings.IndexRune("0123456789abcdef", digit)
				if at < 0 {
					return "", false
				}
				r = r<<4 | rune(at)
			}
			out.WriteRune(r)
			rest = rest[2+n:]
		default:
			r, ok := simple[rest[1]]
			if !ok {
				return "", false
			}
			out.WriteRune(r)
			rest = rest[2:]
		}
	}
	return out.String(), true
}

func FuzzPyText(f *testing.F) {
	for _, text := range everyRune() {
		f.Add(text)
	}
	f.Add("\xc3\x28")
	f.Fuzz(func(t *testing.T, text string) {
		w := &pyWriter{}
		w.literal(text)
		literal, err := string(w.out), w.err
		if !utf8.ValidString(text) {
			if err == nil {
				t.Fatalf("%q is written as %s", text, literal)
			}
			return
		}
		if got, ok := pyUnquote(literal); err != nil || !ok || got != text {
			t.Fatalf("%q is written as %s, which Python reads as %q (%v)", text, literal, got, err)
		}
	})
}
