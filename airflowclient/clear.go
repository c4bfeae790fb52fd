package airflowclient

// mayClear refuses options that the server does not have: it would refuse them itself, without saying which version has them.
func (d rest) mayClear(r ClearRequest) error {
	switch {
	case len(r.Mapped) > 0 && !d.can.ClearMapIndex:
		return d.lacks(opClear, "way to clear one map index", "Airflow 3.0", "clear the whole task")
	case r.LatestVersion && !d.can.ClearLatestVersion:
		return d.lacks(opClear, "choice of a DAG version", "Airflow 3.1", hintLatest)
	case r.RefuseRunning && !d.can.RefuseRunning:
		return d.lacks(opClear, "refusal to clear what runs", "Airflow 3.2", "look at the states first: a task that is cleared while it runs is killed")
	}
	return nil
}
