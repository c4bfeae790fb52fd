package fleet

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
