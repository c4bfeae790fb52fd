package airflowclient

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// readLogV1 reads a log answer of Airflow 2. Its JSON holds the text in Python's notation of a list of (host, text) pairs; a
// gateway or a log handler may answer with the plain text instead. The token goes on for ever, so the end of the log is read from inside it.
func readLogV1(op string, got reply) (LogChunk, error) {
	var answer struct {
		Content string `json:"content"`
		Token   string `json:"continuation_token"`
	}
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		return LogChunk{Lines: textLines(string(got.body)), Done: true}, nil
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		return LogChunk{}, unreadable(op, got, err)
	}
	text := answer.Content
	if parts, err := pythonStrings(text); err == nil {
		text = hostTexts(parts)
	}
	done := answer.Token == "" || endOfLog(answer.Token)
	chunk := LogChunk{Lines: textLines(text), Next: answer.Token, Done: done}
	return chunk, nil
}

// hostTexts joins the texts of (host, text) pairs.
func hostTexts(pairs []string) string {
	var b strings.Builder
	for i := 1; i < len(pairs); i += 2 {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		b.WriteString(pairs[i])
	}
	return b.String()
}

// endOfLog looks into a continuation token of Airflow, which is signed but not encrypted: base64 of {"end_of_log": …}, a dot, a
// signature. A token that cannot be looked into says nothing, and the log goes on.
func endOfLog(token string) bool {
	payload, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return false
	}
	var position struct {
		End bool `json:"end_of_log"`
	}
	return json.Unmarshal(text, &position) == nil && position.End
}

var errNotPython = errors.New("not a list of tuples of strings")

// pythonStrings finds the string literals in Python's notation of nested lists and tuples of strings, in order.
func pythonStrings(text string) ([]string, error) {
	if !strings.HasPrefix(text, "[(") {
		return nil, errNotPython
	}
	var found []string
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '[', ']', '(', ')', ',', ' ':
			i++
		case '\'', '"':
			literal, length, err := pythonString(text[i:])
			if err != nil {
				return nil, err
			}
			found = append(found, literal)
			i += length
		default:
			return nil, errNotPython
		}
	}
	return found, nil
}

// pythonString reads one literal, quote to quote, and says how many bytes it took.
func pythonString(text string) (string, int, error) {
	var b strings.Builder
	quote := text[0]
	for i := 1; i < len(text); {
		switch text[i] {
		case quote:
			return b.String(), i + 1, nil
		case '\\':
			length, err := pythonEscape(&b, text[i:])
			if err != nil {
				return "", 0, err
			}
			i += length
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return "", 0, errNotPython
}

// pythonEscape reads one escape of those that repr writes, and says how many bytes it took.
func pythonEscape(b *strings.Builder, text string) (int, error) {
	if len(text) < 2 {
		return 0, errNotPython
	}
	digits := 0
	switch text[1] {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case '\\', '\'', '"':
		b.WriteByte(text[1])
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, errNotPython
	}
	if digits == 0 {
		return 2, nil
	}
	if len(text) < 2+digits {
		return 0, errNotPython
	}
	code, err := strconv.ParseUint(text[2:2+digits], 16, 32)
	if err != nil {
		return 0, errNotPython
	}
	if code > utf8.MaxRune {
		code = utf8.RuneError
	}
	b.WriteRune(rune(code))
	return 2 + digits, nil
}

// taskLine is Airflow 2's default format of a task's log: [time] {file:line} LEVEL - text.
var taskLine = regexp.MustCompile(`^\[(\d{4}-\d\d-\d\dT[^\]]+)\] \{[^}]*\} ([A-Z]+) - (.*)$`)

// taskLineZone is the zone in that format, which Go's RFC 3339 does not read: +0000.
var taskLineZone = regexp.MustCompile(`([+-]\d\d)(\d\d)$`)

// textLines splits a log text into lines. A line without time and level belongs to the one before it (a traceback, the rest of
// a message, what a program printed) and takes those of that line.
func textLines(text string) []LogLine {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	var lines []LogLine
	var at time.Time
	var level string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if m := taskLine.FindStringSubmatch(line); m != nil {
			at, level, line = parseMoment(taskLineZone.ReplaceAllString(m[1], "$1:$2")), strings.ToLower(m[2]), m[3]
		}
		lines = append(lines, LogLine{Time: at, Level: level, Text: line})
	}
	return lines
}

// readLogV2 reads a log answer of Airflow 3: a list of structured messages, of strings, or, from some handlers, of both.
func readLogV2(op string, got reply) (LogChunk, error) {
	var answer struct {
		Content []json.RawMessage `json:"content"`
		Token   string            `json:"continuation_token"`
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		return LogChunk{}, unreadable(op, got, err)
	}
	chunk := LogChunk{Next: answer.Token, Done: answer.Token == ""}
	for _, raw := range answer.Content {
		chunk.Lines = append(chunk.Lines, structuredLines(raw)...)
	}
	return chunk, nil
}

// structuredLines is one message as lines: the event, then the traceback of an exception that belongs to it.
func structuredLines(raw json.RawMessage) []LogLine {
	var message struct {
		Time   moment          `json:"timestamp"`
		Event  string          `json:"event"`
		Level  string          `json:"level"`
		Errors []wireException `json:"error_detail"`
	}
	if bytes.HasPrefix(raw, []byte(`"`)) {
		if text := jsonString(raw); text != "" {
			return textLines(text)
		}
		return []LogLine{{}}
	}
	if err := json.Unmarshal(raw, &message); err != nil && message.Event == "" {
		return []LogLine{{Text: string(raw)}}
	}
	var lines []LogLine
	add := func(text string) {
		lines = append(lines, LogLine{Time: message.Time.Time, Level: strings.ToLower(message.Level), Text: text})
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(message.Event, "\n"), "\n") {
		add(strings.TrimSuffix(text, "\r"))
	}
	for i, e := range slices.Backward(message.Errors) {
		for _, text := range e.lines() {
			add(text)
		}
		if i > 0 {
			add("The above exception was the cause of this one:")
		}
	}
	return lines
}

// wireException is one exception of a structured message; the causes of an exception follow it in the list.
type wireException struct {
	Type   string `json:"exc_type"`
	Value  string `json:"exc_value"`
	Frames []struct {
		File string `json:"filename"`
		Line int    `json:"lineno"`
		Name string `json:"name"`
	} `json:"frames"`
}

// lines writes the exception as Python would.
func (e wireException) lines() []string {
	lines := []string{"Traceback (most recent call last):"}
	for _, f := range e.Frames {
		lines = append(lines, fmt.Sprintf("  File %q, line %d, in %s", f.File, f.Line, f.Name))
	}
	return append(lines, strings.Split(strings.TrimSuffix(e.Type+": "+e.Value, ": "), "\n")...)
}
