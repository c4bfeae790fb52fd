package airflowclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// structuredLines is one message of Airflow 3 as lines: the event, where the log was looked for, then the traceback of an exception that
// belongs to it. Some handlers send strings, alone or among the messages (aws/amazon-mwaa-docker-images#432).
func structuredLines(raw json.RawMessage) []LogLine {
	var message struct {
		Time    moment          `json:"timestamp"`
		Event   string          `json:"event"`
		Level   string          `json:"level"`
		Sources []string        `json:"sources"` // 3.0; later versions send an event for each
		Errors  []wireException `json:"error_detail"`
	}
	if bytes.HasPrefix(raw, []byte(`"`)) {
		if text := jsonString(raw); text != "" {
			return textLines(text)
		}
		return []LogLine{{}}
	}
	if err := json.Unmarshal(raw, &message); err != nil && message.Event == "" {
		return []LogLine{{Text: strings.ToValidUTF8(string(raw), "\uFFFD")}}
	}
	var lines []LogLine
	add := func(text string) {
		lines = append(lines, LogLine{Time: message.Time.Time, Level: strings.ToLower(message.Level), Text: overwritten(text)})
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(message.Event, "\n"), "\n") {
		add(text)
	}
	for _, source := range message.Sources {
		add(source)
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
