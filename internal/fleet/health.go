package fleet

import "fmt"

// face is how one state is told: to a program, to a person, and in one column with and without Unicode.
type face struct{ name, word, glyph, ascii string }

// faces is indexed by Health. Names, words and both glyph sets are distinct, so that no state needs a colour to be told from another.
var faces = [...]face{
	None:       {"none", "no runs", "–", "-"},
	OK:         {"ok", "ok", "✔", "+"},
	Skipped:    {"skipped", "skipped", "»", ">"},
	Running:    {"running", "running", "▶", "*"},
	Waiting:    {"waiting", "waiting", "◌", "o"},
	Paused:     {"paused", "paused", "‖", "="},
	Unmeasured: {"unmeasured", "not measured", "·", "."},
	Restarted:  {"restarted", "restarted", "↻", "@"},
	Unknown:    {"unknown", "unknown", "?", "?"},
	Breach:     {"breach", "over budget", "▲", "!"},
	Failed:     {"failed", "failed", "✖", "x"},
}

func (h Health) face() face {
	if int(h) < len(faces) {
		return faces[h]
	}
	return face{fmt.Sprintf("health_%d", uint8(h)), "unknown", "?", "?"}
}

// String is the state's name for programs: snake_case, and stable once released.
func (h Health) String() string { return h.face().name }

// MarshalText writes the state's name, so that JSON never holds a number whose meaning may move.
func (h Health) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Word is the state in a word or two for people.
func (h Health) Word() string { return h.face().word }

// Glyph is the state in one column. It stands beside a word or in a column with a heading, never alone.
func (h Health) Glyph() string { return h.face().glyph }

// ASCII is Glyph for terminals and fonts without the characters.
func (h Health) ASCII() string { return h.face().ascii }

// Unhealthy says whether a script should take notice: something failed, is beyond its budget, or could not be found out.
// Paused, restarted and not measured are facts to show, not alarms.
func (h Health) Unhealthy() bool { return h >= Unknown }

// Worst is the state that needs a person more.
func Worst(a, b Health) Health { return max(a, b) }
