package fleet

import "time"

// usual is when what a task makes in its run of a day is usually there; zero where nobody knows.
func (e *explainer) usual(ref TaskRef, day string) time.Time {
	if e.outputs == nil {
		e.outputs = make(map[TaskRef]*Output, len(e.s.Outputs))
		for i := range e.s.Outputs {
			o := &e.s.Outputs[i]
			e.outputs[TaskRef{o.DAGID, o.TaskID}] = o
		}
	}
	o := e.outputs[ref]
	r := e.days[dagDay{ref.DAGID, day}]
	if o == nil || r == nil || !o.Usual.Known() || r.To.IsZero() {
		return time.Time{}
	}
	return r.To.Add(o.Usual.P50)
}

// usualOutside is when a sensor usually sees what it waits for, by the other days in the picture; zero where those are too few.
func (e *explainer) usualOutside(d *DAG, r *Run, sensor string) time.Time {
	var took []time.Duration
	for i := range d.Runs {
		other := &d.Runs[i]
		for _, t := range instances(other, sensor) {
			if t.Health == OK && !t.End.IsZero() && !other.To.IsZero() && other.ID != r.ID {
				took = append(took, t.End.Sub(other.To))
			}
		}
	}
	usual := UsualOf(took)
	if !usual.Known() || r.To.IsZero() {
		return time.Time{}
	}
	return r.To.Add(usual.P50)
}
