package airflowclient

import (
	"bytes"
	"strings"
	"time"
)

// maxLine is where a line without an end is broken up.
const maxLine = 256 << 10

// lineSplitter makes lines of a text that comes in pieces. It keeps the line at hand and nothing else.
//
// Airflow 2 cuts its text by position, wherever that is: it joins lines without a newline at the end, so that the next part begins with
// one, and a task that was in the middle of a line when the log was read goes on with the rest of it. continues says that the part before
// ended without a newline.
type lineSplitter struct {
	emit      func(line LogLine, joins bool)
	continues bool
	joined    bool // the first line is the rest of the last one of the part before
	joining   bool // and was not handed on yet

	line    []byte
	any     bool   // something was written
	newline bool   // the last byte was a newline
	stamp   string // the time as it was written
	at      time.Time
	given   string // the level as it was written
	level   string
}

// Write never fails.
func (s *lineSplitter) Write(text []byte) (int, error) {
	n := len(text)
	if n > 0 && !s.any {
		s.any = true
		switch {
		case s.continues && text[0] == '\n':
			text = text[1:]
		case s.continues:
			s.joined, s.joining = true, true
		}
		s.newline = len(text) == 0
	}
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		if s.newline = end >= 0; !s.newline {
			s.line = append(s.line, text...)
			break
		}
		s.line = append(s.line, text[:end]...)
		s.flush()
		text = text[end+1:]
	}
	for len(s.line) > maxLine {
		rest := append([]byte(nil), s.line[maxLine:]...)
		s.line = s.line[:maxLine]
		s.flush()
		s.line = append(s.line, rest...)
	}
	return n, nil
}

// end closes the last line, newline or not.
func (s *lineSplitter) end() {
	if len(s.line) > 0 {
		s.flush()
	}
}

// startLine begins a new line unless one has just begun.
func (s *lineSplitter) startLine() {
	if s.any && !s.newline {
		_, _ = s.Write([]byte("\n"))
	}
}

// cut reports whether the text, and where nothing was written the one before, ended within a line.
func (s *lineSplitter) cut(before bool) bool {
	if !s.any {
		return before
	}
	return !s.newline
}

func (s *lineSplitter) flush() {
	text := strings.ToValidUTF8(string(s.line), "\uFFFD")
	s.line = s.line[:0]
	if stamp, level, rest, ok := taskLine(text); ok {
		if text = rest; stamp != s.stamp {
			s.stamp, s.at = strings.Clone(stamp), parseStamp(stamp)
		}
		if level != s.given {
			s.given, s.level = strings.Clone(level), strings.ToLower(level)
		}
	}
	joins := s.joining
	s.joining = false
	s.emit(LogLine{Time: s.at, Level: s.level, Text: overwritten(text)}, joins)
}

// taskLine reads Airflow 2's default format of a task's log: [time] {file:line} LEVEL - text. A line without it belongs to the one
// before (a traceback, the rest of a message, what a program printed) and takes time and level of that one.
func taskLine(line string) (stamp, level, text string, ok bool) {
	if len(line) < len("[2006-") || line[0] != '[' || line[5] != '-' {
		return "", "", "", false
	}
	stamp, rest, found := strings.Cut(line[1:], "] {")
	_, rest, closed := strings.Cut(rest, "} ")
	level, text, dash := strings.Cut(rest, " - ")
	if !found || !closed || !dash || strings.ToUpper(level) != level || strings.ContainsAny(level, " \t") {
		return "", "", "", false
	}
	return stamp, level, text, true
}

// parseStamp reads the time in that format, whose zone has no colon: +0000.
func parseStamp(stamp string) time.Time {
	if at, err := time.Parse("2006-01-02T15:04:05.999999999-0700", stamp); err == nil {
		return at.UTC()
	}
	return parseMoment(stamp)
}

// overwritten is a line as a terminal would show it in the end: a carriage return goes back to its beginning, as progress bars do.
func overwritten(line string) string {
	line = strings.TrimRight(line, "\r")
	return line[strings.LastIndexByte(line, '\r')+1:]
}

// textLines splits a text that is there as a whole.
func textLines(text string) []LogLine {
	var lines []LogLine
	s := lineSplitter{emit: func(line LogLine, _ bool) { lines = append(lines, line) }}
	_, _ = s.Write([]byte(text))
	s.end()
	return lines
}

// tailed is a line with what is known about it besides.
type tailed struct {
	LogLine
	source bool // about where the log was looked for, not from the task
	joins  bool // the rest of the last line of the part before
}

// sourceLines passes lines on, and knows those in which Airflow says where it looked for the log: a group of its own since 2.8, lines
// that begin with three stars before.
type sourceLines struct {
	emit  func(tailed)
	group bool
	words []string
	lines int // that are the task's own
}

const sourceGroup = "::group::Log message source details"

func (s *sourceLines) add(line LogLine, joins bool) {
	text := strings.TrimSpace(strings.TrimPrefix(line.Text, " INFO - "))
	source := s.lines == 0 && !joins && (s.group || text == sourceGroup || strings.HasPrefix(text, "*** "))
	switch {
	case !source:
		s.lines++
	case text == sourceGroup:
		s.group = true
	case text == "::endgroup::":
		s.group = false
	default:
		if len(s.words) < 10 {
			s.words = append(s.words, strings.TrimLeft(text, "* "))
		}
	}
	s.emit(tailed{LogLine: line, source: source, joins: joins})
}

// absent is what Airflow says about where it looked, when there is nothing else.
func (s *sourceLines) absent() string {
	if s.lines > 0 {
		return ""
	}
	return oneLine(strings.Join(s.words, "; "))
}
