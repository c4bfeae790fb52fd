package airflowtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readXCom gives values as JSON on Airflow 3 and, when asked with stringify=false, on Airflow 2; otherwise in Python's notation.
func (a *Airflow) readXCom(r *http.Request) (answer, error) {
	q, err := a.query(r, "map_index", "deserialize", "stringify")
	if err != nil {
		return answer{}, err
	}
	mapIndex := -1
	if q.Has("map_index") {
		mapIndex = number(q.Get("map_index"))
	}
	key := r.PathValue("key")
	missing := notFound(fmt.Sprintf("XCom entry with key: `%s` not found", key))
	ti, err := a.instanceOf(r, mapIndex)
	if err != nil {
		return answer{}, missing
	}
	text, ok := ti.xcoms[key]
	if !ok {
		return answer{}, missing
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		value = text
	}
	if !a.isV2 && q.Get("stringify") != "false" {
		value = pythonValue(value, true)
	}
	shown := row{
		"key": key, "timestamp": a.when(ti.end), "dag_id": ti.run.dag, "task_id": ti.task.ID, "run_id": ti.run.id, "map_index": ti.mapIndex, "value": value,
	}
	if !a.isV2 {
		shown["execution_date"] = a.when(ti.run.logical)
	}
	return answer{body: shown}, nil
}

// pythonValue is str() of a value at the top and repr() within.
func pythonValue(value any, top bool) string {
	switch v := value.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		if top {
			return v
		}
		return pythonRepr(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			parts = append(parts, pythonValue(item, false))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, name := range sortedKeys(v) {
			parts = append(parts, pythonRepr(name)+": "+pythonValue(v[name], false))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(value)
}

// logPosition is what a continuation token says. Airflow signs it and does not encrypt it.
type logPosition struct {
	Position int  `json:"log_pos"`
	End      bool `json:"end_of_log"`
	Download bool `json:"download_logs"`
}

func (a *Airflow) logToken(p logPosition) string {
	text, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	payload := base64.RawURLEncoding.EncodeToString(text)
	return payload + "." + a.sign(payload)
}

// readLog is a part of a log. Lines come while the task runs. Airflow 2 answers in Python's notation, or as text when asked for it,
// and its token never ends; Airflow 3 answers with messages, and without a token when all has been said.
func (a *Airflow) readLog(r *http.Request) (answer, error) {
	q, err := a.query(r, "map_index", "full_content", "token")
	if err != nil {
		return answer{}, err
	}
	var at logPosition
	if given := q.Get("token"); given != "" {
		payload, signature, _ := strings.Cut(given, ".")
		text, err := base64.RawURLEncoding.DecodeString(payload)
		if err != nil || signature != a.sign(payload) || json.Unmarshal(text, &at) != nil {
			return answer{}, badRequest("Bad Signature. Please use only the tokens provided by the API.")
		}
	}
	mapIndex := -1
	if q.Has("map_index") {
		mapIndex = number(q.Get("map_index"))
	}
	ti, err := a.instanceOf(r, mapIndex)
	if err != nil {
		return answer{}, err
	}
	lines, ended := a.written(ti, number(r.PathValue("try")))
	if lines == nil && a.isV2 {
		return answer{}, notFound("TaskInstance not found")
	}
	from := min(at.Position, len(lines))
	next := a.logToken(logPosition{Position: len(lines), End: ended})
	if a.isV2 {
		return a.logV2(lines[from:], next, ended), nil
	}
	text := logText(lines[from:])
	if strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		return answer{text: text}, nil
	}
	content := "[(" + pythonRepr("worker-1") + ", " + pythonRepr(text) + ")]"
	return answer{body: row{"content": content, "continuation_token": next}}, nil
}

// logLine is a line as a task wrote it. raise is an exception in its place.
type logLine struct {
	at    time.Time
	text  string
	raise string
}

// written is what a try has logged so far, nil when there was no such try.
func (a *Airflow) written(ti *instance, try int) (lines []logLine, ended bool) {
	if try < 1 || try > len(ti.tries) {
		return nil, true
	}
	t := ti.tries[try-1]
	return t.lines(a.now()), !t.end.IsZero()
}

// lines is what a try has logged until now.
func (t attempt) lines(now time.Time) []logLine {
	lines := slices.Clone(t.earlier)
	if lines == nil {
		lines = []logLine{}
	}
	if !t.end.IsZero() {
		now = t.end
	}
	for i, text := range t.Log {
		at := t.Start.Add(t.Takes * time.Duration(i+1) / time.Duration(len(t.Log)+1))
		if at.After(now) {
			return lines
		}
		lines = append(lines, logLine{at: at, text: text})
	}
	if t.Exception != "" && !t.end.IsZero() && t.state != success {
		lines = append(lines, logLine{at: t.end, raise: t.Exception})
	}
	return lines
}

// logText is the format of Airflow 2.
func logText(lines []logLine) string {
	var b strings.Builder
	for _, line := range lines {
		stamp := line.at.Format("2006-01-02T15:04:05.000-0700")
		if line.raise == "" {
			fmt.Fprintf(&b, "[%s] {logging_mixin.py:190} INFO - %s\n", stamp, line.text)
			continue
		}
		fmt.Fprintf(&b, "[%s] {taskinstance.py:3336} ERROR - Task failed with exception\n", stamp)
		fmt.Fprintf(&b, "Traceback (most recent call last):\n  File \"/opt/airflow/dags/dag.py\", line 1, in run\n%s\n", line.raise)
	}
	return b.String()
}

func (a *Airflow) logV2(lines []logLine, next string, ended bool) answer {
	messages := []row{}
	for _, line := range lines {
		message := row{"timestamp": a.when(line.at), "event": line.text, "level": "info", "logger": "task.stdout"}
		if line.raise != "" {
			kind, value, _ := strings.Cut(line.raise, ": ")
			message["event"], message["level"], message["logger"] = "Task failed with exception", "error", "task"
			message["error_detail"] = []row{{
				"exc_type": kind, "exc_value": value, "exc_notes": []string{}, "syntax_error": nil, "is_cause": false,
				"frames": []row{{"filename": "/opt/airflow/dags/dag.py", "lineno": 1, "name": "run"}},
			}}
		}
		messages = append(messages, message)
	}
	shown := row{"content": messages, "continuation_token": nil}
	if !ended {
		shown["continuation_token"] = next
	}
	return answer{body: shown}
}
