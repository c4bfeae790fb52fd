package logpane

import (
	"strings"
	"time"
	"unicode/utf8"

	"chrononctl/tui/paint"

	"github.com/charmbracelet/x/ansi"
)

// tabStop is how far apart tab stops are.
const tabStop = 8

// Line is a line of a log as it comes. Time is drawn in front of it where stamps are on; zero: not known.
type Line struct {
	Time  time.Time
	Level uint8 // how loud it is, an index into [Look.Levels]; 0: nobody knows
	Text  string
}

// line is one line of the log: plain harmless text, and from which byte on which style holds. It is kept small, and nothing of it holds on to what it was
// read from: there may be hundreds of thousands.
type line struct {
	text  string
	spans *spans // nil for most lines
	at    uint32 // seconds since 1970; 0: not known
	level uint8
}

// spans are the colours of a line, from left to right.
type spans []span

type span struct {
	from  int
	style paint.Style
}

// parseLine cleans a line. Of one that a progress bar has written over itself, the last writing is left.
func parseLine(in Line, clean func(string) string) line {
	text := strings.TrimRight(in.Text, "\r\n")
	if i := strings.LastIndexByte(text, '\r'); i >= 0 {
		text = strings.Clone(text[i+1:])
	}
	l := parse(text, clean)
	if l.level = in.Level; !in.Time.IsZero() {
		l.at = uint32(in.Time.Unix())
	}
	return l
}

// parse takes simple colours out of a raw line and cleans what is left.
func parse(raw string, clean func(string) string) line {
	if strings.IndexByte(raw, '\t') >= 0 {
		raw = expandTabs(raw)
	}
	if strings.IndexByte(raw, 0x1b) < 0 {
		return line{text: clean(raw)}
	}
	var (
		b     strings.Builder
		found spans
		plain int
	)
	for i := 0; i < len(raw); {
		n := escape(raw[i:])
		if n == 0 {
			i++
			continue
		}
		b.WriteString(clean(raw[plain:i]))
		if sequence := raw[i : i+n]; simpleSGR(sequence) {
			found = append(found, span{b.Len(), styleOf(strings.Clone(sequence))})
		}
		i += n
		plain = i
	}
	b.WriteString(clean(raw[plain:]))
	l := line{text: strings.Clone(b.String())}
	if len(found) > 0 {
		l.spans = &found
	}
	return l
}

// coloured returns the colours of a line.
func (l line) coloured() spans {
	if l.spans == nil {
		return nil
	}
	return *l.spans
}

// escape returns the length of the CSI or OSC sequence that s begins with, 0 for anything else: a lone ESC is left to the clean function.
func escape(s string) int {
	if len(s) < 3 || s[0] != 0x1b {
		return 0
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x3f {
				return 0
			}
		}
	case ']':
		if i := strings.IndexByte(s, 0x07); i > 0 {
			return i + 1
		}
		if i := strings.Index(s, "\x1b\\"); i > 0 {
			return i + 2
		}
	}
	return 0
}

// simpleSGR tells whether a CSI sequence does nothing but set or reset the sixteen colours, bold, faint, italic and underline. Concealed and
// blinking text, and backgrounds that could hide it, are not kept.
func simpleSGR(sequence string) bool {
	if !strings.HasSuffix(sequence, "m") {
		return false
	}
	for code := range strings.SplitSeq(sequence[2:len(sequence)-1], ";") {
		switch {
		case code == "", code == "0", code == "00", code == "1", code == "01", code == "2", code == "3", code == "4":
		case code == "22", code == "23", code == "24", code == "39":
		case len(code) == 2 && (code[0] == '3' || code[0] == '9') && code[1] >= '0' && code[1] <= '7':
		default:
			return false
		}
	}
	return true
}

// styleOf turns a simple sequence into the style that holds from there on; a sequence that resets gives the zero style.
func styleOf(sequence string) paint.Style {
	switch sequence[2 : len(sequence)-1] {
	case "", "0", "00", "39":
		return paint.Style{}
	}
	return paint.Raw(sequence)
}

func expandTabs(s string) string {
	var b strings.Builder
	column := 0
	for _, r := range s {
		if r == '\t' {
			n := tabStop - column%tabStop
			b.WriteString(paint.Spaces(n))
			column += n
			continue
		}
		b.WriteRune(r)
		column++
	}
	return b.String()
}

// index finds a lower-case text at or after a byte, ignoring case; -1 when it is not there.
func (l line) index(query string, from int) int {
	if from > len(l.text) {
		return -1
	}
	i := indexFold(l.text[from:], query)
	if i < 0 {
		return -1
	}
	return from + i
}

// indexFold is strings.Index for a lower-case query, ignoring the case of ASCII letters. It allocates nothing, because a search looks at every line
// of a log. Other letters have to be written as they are in the log: changing their case can change how many bytes they take.
func indexFold(text, query string) int {
	if query == "" {
		return -1
	}
	low, high := query[0], upper(query[0])
	for at := 0; at+len(query) <= len(text); {
		next := indexEither(text[at:len(text)-len(query)+1], low, high)
		if next < 0 {
			return -1
		}
		if at += next; foldedPrefix(text[at:], query) {
			return at
		}
		at++
	}
	return -1
}

// indexEither returns the first place of one of two bytes.
func indexEither(text string, a, b byte) int {
	i := strings.IndexByte(text, a)
	if a == b {
		return i
	}
	if i >= 0 {
		text = text[:i]
	}
	if j := strings.IndexByte(text, b); j >= 0 {
		return j
	}
	return i
}

func foldedPrefix(text, query string) bool {
	for i := range len(query) {
		if text[i] != query[i] && text[i] != upper(query[i]) {
			return false
		}
	}
	return true
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// breaks returns the byte offsets at which the line is broken to fit width columns, the first of which is 0. A row ends after a space where there
// is one in its second half, and anywhere else where there is none: names in logs are long.
func (l line) breaks(width int) []int {
	out := []int{0}
	if width <= 0 || len(l.text) <= width {
		return out
	}
	column, space, spaceColumn := 0, 0, 0 // space is the byte after the last space, spaceColumn the column there
	for i := 0; i < len(l.text); {
		w, n := 1, 1
		if l.text[i] >= utf8.RuneSelf {
			var cluster string
			cluster, w = ansi.FirstGraphemeCluster(l.text[i:], ansi.GraphemeWidth)
			n = len(cluster)
		}
		if column+w > width && column > 0 {
			if space > out[len(out)-1] && spaceColumn > width/2 {
				out = append(out, space)
				column -= spaceColumn
			} else {
				out = append(out, i)
				column = 0
			}
			space = 0
		}
		column += w
		if i += n; l.text[i-1] == ' ' {
			space, spaceColumn = i, column
		}
	}
	return out
}

// rows returns how many screen rows the line takes.
func (l line) rows(width int) int {
	if len(l.text) <= width {
		return 1
	}
	return len(l.breaks(width))
}

// styleAt returns the style that holds at a byte.
func (l line) styleAt(at int) (style paint.Style) {
	for _, s := range l.coloured() {
		if s.from > at {
			break
		}
		style = s.style
	}
	return style
}
