package fleet

import "encoding/json"

// Budgets are the highest rates that a comparison allows, from 0 to 1.
type Budgets struct {
	Mismatch float64
	Missing  float64
}

// Measurement is one measured day of a comparison.
type Measurement struct {
	Day      string   // YYYY-MM-DD
	Over     int      // features beyond their budget
	Mismatch *float64 // of the worst feature; nil: not measured
}

// A gob leaves out zeros, also those that a pointer leads to, so that a rate of 0 would come back as one that was not measured. Hence what has such
// rates is kept as JSON, which tells the two apart.

// GobEncode keeps a measurement with its zeros.
func (m Measurement) GobEncode() ([]byte, error) {
	type plain Measurement
	return json.Marshal(plain(m))
}

// GobDecode reads what GobEncode wrote.
func (m *Measurement) GobDecode(text []byte) error {
	type plain Measurement
	return json.Unmarshal(text, (*plain)(m))
}

// GobEncode keeps a feature with its zeros.
func (f Feature) GobEncode() ([]byte, error) {
	type plain Feature
	return json.Marshal(plain(f))
}

// GobDecode reads what GobEncode wrote.
func (f *Feature) GobDecode(text []byte) error {
	type plain Feature
	return json.Unmarshal(text, (*plain)(f))
}
