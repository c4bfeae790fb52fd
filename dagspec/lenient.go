package dagspec

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// The types of this file decode one JSON value each and never fail: what does not fit is remembered in bad, so that one pass over a conf finds
// every misfit and not only the first. An absent value and null are the zero value.

// text is a JSON string.
type text struct {
	value string
	bad   string // what stood there instead, "a number"
}

// UnmarshalJSON reads a string.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text{}
	if raw[0] != '"' {
		t.bad = misfit(raw)
		return nil
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		t.value = string(inner) // the decoder has seen that it is a string, and nothing in it is escaped
		return nil
	}
	return json.Unmarshal(raw, &t.value)
}

// number is a JSON number, or a string that holds one.
type number struct {
	value float64
	set   bool
	bad   string
}

// UnmarshalJSON reads a number.
func (n *number) UnmarshalJSON(raw []byte) error {
	*n = number{}
	if isNull(raw) {
		return nil
	}
	if value, err := strconv.ParseFloat(string(bytes.Trim(raw, `"`)), 64); err == nil {
		*n = number{value: value, set: true}
	} else {
		n.bad = misfit(raw)
	}
	return nil
}

// flag is a boolean: thrift's simple JSON protocol writes 0 and 1, people write true and false.
type flag struct {
	value bool
	set   bool
	bad   string
}

// UnmarshalJSON reads a boolean.
func (f *flag) UnmarshalJSON(raw []byte) error {
	*f = flag{}
	switch string(raw) {
	case "null":
	case "true", "1", `"true"`, `"1"`:
		*f = flag{value: true, set: true}
	case "false", "0", `"false"`, `"0"`:
		*f = flag{set: true}
	default:
		f.bad = misfit(raw)
	}
	return nil
}

// texts is a list of strings; a single string counts as a list of one.
type texts struct {
	values []text
	single bool // it was a string, which Python takes for a list of letters
	bad    string
}

// UnmarshalJSON reads a list of strings.
func (t *texts) UnmarshalJSON(raw []byte) error {
	*t = texts{}
	switch {
	case isNull(raw):
	case raw[0] == '[':
		return json.Unmarshal(raw, &t.values)
	case raw[0] == '"':
		t.values, t.single = make([]text, 1), true
		return json.Unmarshal(raw, &t.values[0])
	default:
		t.bad = misfit(raw)
	}
	return nil
}

// envByMode is environment variables by the mode of run.py that they are for.
type envByMode struct {
	modes map[string]map[string]text
	bad   string
}

// UnmarshalJSON reads an object of objects of strings.
func (e *envByMode) UnmarshalJSON(raw []byte) error {
	*e = envByMode{}
	if isNull(raw) {
		return nil
	}
	if json.Unmarshal(raw, &e.modes) != nil {
		e.modes, e.bad = nil, "anything but an object of objects"
	}
	return nil
}

func isNull(raw []byte) bool { return string(raw) == "null" }

// misfit names the kind of a JSON value for a message; null fits everywhere and is no misfit.
func misfit(raw []byte) string {
	switch raw[0] {
	case 'n':
		return ""
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	default:
		return "a number"
	}
}
