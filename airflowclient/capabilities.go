package airflowclient

// Capabilities is what differs between Airflow versions, as facts to ask instead of version numbers.
type Capabilities struct {
	Reparse         bool // PUT parseDagFile: 2.10 and later, all of 3.x
	SparseFields    bool // GET lists take fields=: 2.9 to 2.11
	TasksByRun      bool // the task instance batch takes run ids: 2.7.1 and later, all of 3.x
	NativeXCom      bool // an XCom's value can be had as JSON instead of Python's notation: 2.10 and later, all of 3.x
	TriggerInterval bool // a trigger may say its data interval: 2.9 and later, all of 3.x
	RunsWithoutDate bool // a run may have no logical date: all of 3.x
}

func capabilities(r release) Capabilities {
	v2 := r.major >= 3
	return Capabilities{
		Reparse:         r.since(release{2, 10, 0}),
		SparseFields:    r.since(release{2, 9, 0}) && !v2,
		TasksByRun:      r.since(release{2, 7, 1}),
		NativeXCom:      r.since(release{2, 10, 0}),
		TriggerInterval: r.since(release{2, 9, 0}),
		RunsWithoutDate: v2,
	}
}
