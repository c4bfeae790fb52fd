package joblog

import "strings"

// Level is how loud a line of a log is.
type Level uint8

// The levels, loudest last. Lines that say nothing about themselves belong to the line before them.
const (
	Unsaid Level = iota
	Debug
	Info
	Warning
	Error
)

// String is the level as logs write it.
func (l Level) String() string {
	switch l {
	case Unsaid:
		return ""
	case Debug:
		return "DEBUG"
	case Info:
		return "INFO"
	case Warning:
		return "WARNING"
	case Error:
		return "ERROR"
	}
	return ""
}

// LevelOf is how loud a line is: by the handler's word where that says more than "info", which Airflow says of everything that a job prints,
// else by the line's own words.
func LevelOf(word, text string) Level {
	said := levelNamed(word)
	if said > Info {
		return said
	}
	if own := levelIn(text); own > said {
		return own
	}
	return said
}

func levelNamed(word string) Level {
	switch strings.ToLower(word) {
	case "debug", "trace":
		return Debug
	case "info", "notice":
		return Info
	case "warning", "warn":
		return Warning
	case "error", "critical", "fatal", "exception":
		return Error
	}
	return Unsaid
}

// levelRoom is how far into a line log4j and Python write the level.
const levelRoom = 64

// levelIn is how loud a line calls itself. The words are log4j's, which stand near the beginning, and Python's and Java's for an exception.
func levelIn(text string) Level {
	head := text[:min(len(text), levelRoom)]
	for _, w := range [...]struct {
		word  string
		level Level
	}{{"ERROR", Error}, {"FATAL", Error}, {"CRITICAL", Error}, {"WARN", Warning}, {"INFO", Info}, {"DEBUG", Debug}} {
		if at := strings.Index(head, w.word); at >= 0 && wordAt(head, at, len(w.word)) {
			return w.level
		}
	}
	switch {
	case strings.HasPrefix(text, "Traceback (most recent call last)"), strings.HasPrefix(text, "Exception in thread "), strings.HasPrefix(text, "Caused by: "):
		return Error
	}
	name, _, ok := strings.Cut(head, ": ")
	if ok && !strings.ContainsAny(name, " /[") && (strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception")) {
		return Error
	}
	return Unsaid
}

// wordAt tells whether the letters there are a word by themselves; "WARN" may go on as "WARNING".
func wordAt(s string, at, n int) bool {
	end := at + n
	if strings.HasPrefix(s[at:], "WARNING") {
		end = at + len("WARNING")
	}
	return (at == 0 || !isLetter(s[at-1])) && (end >= len(s) || !isLetter(s[end]))
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '='
}
