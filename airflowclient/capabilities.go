package airflowclient

// Capabilities is what differs between Airflow versions, as facts to ask instead of version numbers. Each is what the OpenAPI
// documents of the releases say (airflow/api_connexion/openapi/v1.yaml, airflow/api_fastapi/core_api/openapi); 3.4 is taken to keep
// what 3.3 has.
//
// An operation that a server lacks ends in an error for which [IsTooOld] holds, before anything is sent.
type Capabilities struct {
	SparseFields bool // GET lists take fields=: 2.9 to 2.11
	Reparse      bool // [Client.Reparse]: 2.10 and later
	PoolWarnings bool // [Client.DAGWarnings] names pools that do not exist: 2.6 to 2.11
	DAGVersions  bool // [Client.Versions], and the source of an old version: 3.0 and later

	TriggerInterval bool // a trigger may say its data interval: 2.9 and later
	RunsWithoutDate bool // a run may have no logical date: 3.0 and later

	Backfills             bool // [Client.StartBackfill] and what belongs to it: 3.0 and later. Before, see [Client.BackfillByRuns]
	BackfillLatestVersion bool // [BackfillRequest.LatestVersion]: 3.1.6 and later
	ClearLatestVersion    bool // LatestVersion of a clear: 3.1 and later
	ClearAroundRun        bool // Past and Future of a [ClearRequest] together with RunID: 2.6 to 2.11, and 3.1 and later
	ClearMapIndex         bool // [ClearRequest.Mapped]: 3.0 and later
	MarkSkipsWaiting      bool // [Client.MarkRun] as success skips what had not begun, instead of making it a success too: 3.3.1 and later
	ClearStopsRunning     bool // a clear ends a task that runs: 3.0 and later. Before, the heartbeat of jobs/job.py writes over what the clear wrote (seen on 2.11.2)
	RefuseRunning         bool // [ClearRequest.RefuseRunning]: 3.2 and later
	MarkMappedRelated     bool // [TaskMark] of one map index together with the tasks around it: 3.0 and later
	MarkMapped            bool // [TaskMark] of all instances of a mapped task: 3.1 and later

	TasksByRun bool // the task instance batch takes run ids: 2.7.1 and later
	Tries      bool // [Client.Tries]: 2.10 and later
	Blockers   bool // [Client.Blockers]: 2.10 and later

	NativeXCom bool // an XCom's value can be had as JSON instead of Python's notation: 2.10 and later
	MappedXCom bool // XComs of mapped task instances: 2.7 and later

	FixedDefaultPool bool // the pool default_pool keeps its description: 3.0 and later
	PoolDeferred     bool // a pool may count deferred tasks: 2.7 and later
	MaskedValues     bool // values of variables whose names sound secret come as "***": 3.0 and later
	EventFilters     bool // the event log can be searched: 2.8 and later
	EventRuns        bool // and by run: 2.9 and later
	Settings         bool // [Client.Setting]: 2.7 and later
	Jobs             bool // [Client.Jobs]: 3.0 and later
}

func capabilities(r release) Capabilities {
	v2 := r.major >= 3
	return Capabilities{
		SparseFields: r.since(release{2, 9, 0}) && !v2,
		Reparse:      r.since(release{2, 10, 0}),
		PoolWarnings: !v2,
		DAGVersions:  v2,

		TriggerInterval: r.since(release{2, 9, 0}),
		RunsWithoutDate: v2,

		Backfills:             v2,
		BackfillLatestVersion: r.since(release{3, 1, 6}),
		ClearLatestVersion:    r.since(release{3, 1, 0}),
		ClearMapIndex:         v2,
		MarkSkipsWaiting:      r.since(release{3, 3, 1}),
		ClearAroundRun:        !v2 || r.since(release{3, 1, 0}),
		ClearStopsRunning:     v2,
		RefuseRunning:         r.since(release{3, 2, 0}),
		MarkMappedRelated:     v2,
		MarkMapped:            r.since(release{3, 1, 0}),

		TasksByRun: r.since(release{2, 7, 1}),
		Tries:      r.since(release{2, 10, 0}),
		Blockers:   r.since(release{2, 10, 0}),

		NativeXCom: r.since(release{2, 10, 0}),
		MappedXCom: r.since(release{2, 7, 0}),

		FixedDefaultPool: v2,
		PoolDeferred:     r.since(release{2, 7, 0}),
		MaskedValues:     v2,
		EventFilters:     r.since(release{2, 8, 0}),
		EventRuns:        r.since(release{2, 9, 0}),
		Settings:         r.since(release{2, 7, 0}),
		Jobs:             v2,
	}
}
