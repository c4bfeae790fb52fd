package airflowclient

// mayClear refuses options that the server does not have: it would refuse them itself, without saying which version has them.
func (d rest) mayClear(r ClearRequest) error {
	if err := r.check(); err != nil {
		return err
	}
	switch {
	case r.RunID != "" && (r.Past || r.Future) && !d.can.ClearAroundRun:
		return d.lacks(opClear, "clear of a run together with those before or after it", "Airflow 3.1", "clear a range of dates")
	case len(r.Mapped) > 0 && !d.can.ClearMapIndex:
		return d.lacks(opClear, "way to clear one map index", "Airflow 3.0", "clear the whole task")
	case r.LatestVersion && !d.can.ClearLatestVersion:
		return d.lacks(opClear, "choice of a DAG version", "Airflow 3.1", hintLatest)
	case r.RefuseRunning && !d.can.RefuseRunning:
		return d.lacks(opClear, "refusal to clear what runs", "Airflow 3.2", "look at the states first")
	}
	return nil
}

// check refuses what contradicts itself, which Airflow 3 before 3.3.2 answers with an internal error.
func (r ClearRequest) check() error {
	var words string
	switch {
	case r.OnlyFailed && r.OnlyRunning:
		words = "what failed does not run: only one of the two can be asked for"
	case r.RunID != "" && (!r.From.IsZero() || !r.To.IsZero()):
		words = "either a run or a range of dates can be cleared, not both"
	case !r.From.IsZero() && !r.To.IsZero() && r.From.After(r.To):
		words = "the range ends before it begins"
	default:
		return nil
	}
	return &Error{Op: opClear, Kind: KindInvalid, Detail: words}
}
