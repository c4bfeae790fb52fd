package fleet

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// longestWords bounds the part of a message that makes its fingerprint: what comes later is detail.
const longestWords = 400

// fingerprint is what is the same in two messages about the same trouble: numbers, days, times, ids, addresses and paths are taken out, names of
// tables and confs stay.
func fingerprint(message string) string {
	text := strings.ToValidUTF8(ansi.Strip(message), "?")
	if len(text) > longestWords {
		text = text[:longestWords]
	}
	var b strings.Builder
	b.Grow(len(text))
	last := byte(' ')
	for i := 0; i < len(text); {
		kind, size := variable(text[i:], last)
		switch {
		case size > 0:
			b.WriteString(kind)
			i += size
		case text[i] == ' ' || text[i] == '\t':
			if last != ' ' {
				b.WriteByte(' ')
			}
			last = ' '
			i++
			continue
		default:
			b.WriteByte(text[i])
			i++
		}
		last = text[i-1]
	}
	return strings.TrimSpace(b.String())
}

// variable says how many bytes at the beginning of a text differ from one time to the next, and what stands for them. last is the byte before.
func variable(text string, last byte) (kind string, size int) {
	if isWordByte(last) && last != '_' {
		return "", 0
	}
	word := wordLength(text)
	switch c := text[0]; {
	case c == '/' && strings.Count(text[:word], "/") > 1, strings.Contains(text[:word], "://"):
		return "<path>", word
	case last != '_' && isHexID(text):
		return "<id>", hexLength(text)
	case !isDigit(c):
		return "", 0
	}
	size = numberLength(text)
	if last == '_' && size < 4 {
		return "", 0 // a part of a name, as in sum_7d
	}
	return "<n>", size
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

// wordLength is up to the next space, quote, bracket or comma.
func wordLength(text string) int {
	if i := strings.IndexAny(text, " \t\"'`()[]{}<>,;"); i >= 0 {
		return i
	}
	return len(text)
}

// numberLength is the length of a number with what belongs to it: the rest of a day, a time, a version, an address, a duration.
func numberLength(text string) int {
	end := 0
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			end = i + 1
		case strings.IndexByte(":.-+TZ_hmsKMG", c) < 0:
			return withUnit(text, end)
		}
	}
	return withUnit(text, end)
}

// withUnit takes the letters of a unit along.
func withUnit(text string, end int) int {
	unit := end
	for unit < len(text) && unit-end < 3 && text[unit] >= 'A' && text[unit] <= 'z' && text[unit] != '_' {
		unit++
	}
	if unit < len(text) && isWordByte(text[unit]) {
		return end
	}
	return unit
}

// isHexID says whether the text begins with an id in hexadecimal: eight digits at least, letters and figures both.
func isHexID(text string) bool {
	n := hexLength(text)
	if n < 8 || n < len(text) && isWordByte(text[n]) {
		return false
	}
	return strings.ContainsAny(text[:n], "0123456789") && strings.ContainsAny(text[:n], "abcdefABCDEF")
}

func hexLength(text string) int {
	for i := range len(text) {
		c := text[i]
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') && c != '-' {
			return i
		}
	}
	return len(text)
}

var (
	// Lines of a log that say that something went wrong, and what.
	errorLine = regexp.MustCompile(`^(?:[\w$]+\.)*\w*(?:Error|Exception|Interrupt|Exit)\b|^Caused by: |Exception in thread |\b(?:ERROR|FATAL)\b|^fatal: |: command not found$|(?i:permission denied|access denied)`)
	// Lines that say so of whatever went wrong, and not what.
	emptyLine = regexp.MustCompile(`Task failed with exception|Traceback \(most recent|CalledProcessError|cause of this one|The above exception|During handling of|exited with (?:return )?(?:code|exit status)|exit_status: |Marking task as|non-zero exit status`)
	// What Airflow 2 puts before a line.
	linePrefix = regexp.MustCompile(`^\[[^\]]{8,40}\] \{[^}]{1,80}\} [A-Z]+ - `)
	// What the runtime's exceptions end in.
	lineRemedy = regexp.MustCompile(`\. What to do: .*$`)
	denied     = regexp.MustCompile(`(?i)access ?denied|permission ?denied|AccessControlException|not authorized|unauthorized|forbidden|not permitted|does not have (?:the )?(?:\S+ )?permission`)
)

// errorOf finds the last line of a log's end that names an error, without what stands around it. It is empty where none does.
func errorOf(tail []LogLine) string {
	for _, line := range slices.Backward(tail) {
		text := linePrefix.ReplaceAllString(strings.TrimSpace(ansi.Strip(line.Text)), "")
		isLevel := line.Level == "error" || line.Level == "critical"
		frame := strings.HasPrefix(line.Text, " ") || strings.HasPrefix(text, "File \"") || strings.HasPrefix(text, "at ")
		if text == "" || frame || emptyLine.MatchString(text) || !isLevel && !errorLine.MatchString(text) {
			continue
		}
		text = lineRemedy.ReplaceAllString(text, "")
		return strings.TrimPrefix(text, "AirflowException: ")
	}
	return ""
}
