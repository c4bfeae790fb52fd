package airflowclient

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

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

// readers give the same bytes in pieces of many sizes.
func readers(text string) map[string]*bufio.Reader {
	return map[string]*bufio.Reader{
		"whole":    bufio.NewReader(strings.NewReader(text)),
		"by bytes": bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(text)), 16),
		"halved":   bufio.NewReaderSize(iotest.HalfReader(strings.NewReader(text)), 16),
	}
}

func TestPythonNotationComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		literal := repr(text)
		for name, from := range readers(literal[1:] + ")") {
			var got strings.Builder
			if err := copyLiteral(&got, from, literal[0]); err != nil || got.String() != text {
				t.Fatalf("%s: got %q, %v; want %q", name, got.String(), err, text)
			}
			if rest, _ := from.ReadByte(); rest != ')' {
				t.Fatalf("%s: it read past the quote", name)
			}
		}
	})
}

func TestJSONTextComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		escaped := strconv.QuoteToASCII(text)
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		forms := []string{string(encoded)}
		if json.Valid([]byte(escaped)) {
			forms = append(forms, escaped)
		}
		for _, form := range forms {
			for name, from := range readers(form[1:] + ",") {
				size := rapid.IntRange(1, 9).Draw(t, "size")
				got, err := io.ReadAll(bufio.NewReaderSize(&jsonText{from: from}, size))
				if err != nil || string(got) != text {
					t.Fatalf("%s: %s gave %q, %v; want %q", name, form, got, err, text)
				}
				if rest, _ := from.ReadByte(); rest != ',' {
					t.Fatalf("%s: it read past the quote", name)
				}
			}
		}
	})
}

// linesOf reads a log answer of Airflow 2 in JSON.
func linesOf(t *rapid.T, from *bufio.Reader) ([]LogLine, error) {
	t.Helper()
	var lines []LogLine
	p := &logParser{sources: sourceLines{emit: func(line tailed) { lines = append(lines, line.LogLine) }}}
	p.text = lineSplitter{emit: p.sources.add}
	_, err := p.parse(&v1{}, logRequest{}, "application/json", from)
	return lines, err
}

func TestLogIsTheSameInWhateverPiecesItArrives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := "[("
		for range rapid.IntRange(0, 3).Draw(t, "hosts") {
			content += repr(rapid.String().Draw(t, "host")) + ", " + repr(rapid.StringOf(rapid.SampledFrom([]rune("a\n\r é☃😀'\"\\"))).Draw(t, "text")) + "), ("
		}
		content += rapid.StringOf(rapid.SampledFrom([]rune(`'"\xuUn0a9()[], `))).Draw(t, "rest")
		encoded, err := json.Marshal(map[string]string{"content": content, "continuation_token": "x"})
		if err != nil {
			t.Fatal(err)
		}
		body := string(encoded[:rapid.IntRange(0, len(encoded)).Draw(t, "cut")])
		want, wantErr := linesOf(t, bufio.NewReader(strings.NewReader(body)))
		for name, from := range readers(body) {
			got, err := linesOf(t, from)
			if !slices.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("%s: got %q, %v; want %q, %v", name, got, err, want, wantErr)
			}
		}
		if len(body) == len(encoded) && wantErr != nil {
			t.Fatalf("%s: %v", body, wantErr)
		}
	})
}
