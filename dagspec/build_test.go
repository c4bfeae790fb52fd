package dagspec

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	batchDAG     = "chronon_batch_dag_pay"
	streamingDAG = "chronon_streaming_dag_pay"
	stagingDAG   = "chronon_staging_query_pay"
	logDAG       = "chronon_log_flattening_pay"
)

func TestOnlineGroupByIsUploadedAndLoaded(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{
		"online": 1, "dependencies": []string{dep("raw.events/ds={{ ds }}", "2026-01-01", "")},
	}, nil)})
	dag := findDAG(t, defs, batchDAG)
	if diff := cmp.Diff([]string{"upload__gb__v1", "kv_load__gb__v1"}, taskIDs(dag)); diff != "" {
		t.Fatalf("tasks (-want +got):\n%s", diff)
	}
	upload, load := dag.Tasks[0], dag.Tasks[1]
	if diff := cmp.Diff([]string{
		"python3", "-m", "ai.chronon.repo.run", "--mode", "upload", "--conf", "production/group_bys/pay/gb.v1", "--env", "production",
		"--ds", "{{ ds }}", "--repo", ".",
	}, line(upload.Argv)); diff != "" {
		t.Errorf("argv (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pay.pay_gb_v1_upload"}, outputs(upload)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if len(upload.Waits) != 1 || upload.Waits[0].Start.String() != "2026-01-01" || !upload.Waits[0].End.IsZero() {
		t.Errorf("waits = %+v", upload.Waits)
	}
	if diff := cmp.Diff([]string{"load", "pay.pay_gb_v1_upload", "PAY_GB_V1_BATCH", "--day={{ ds }}"}, line(load.Argv)); diff != "" {
		t.Errorf("load (-want +got):\n%s", diff)
	}
	if !slices.Equal(load.After, []string{"upload__gb__v1"}) || load.Table != "pay.pay_gb_v1_upload" || load.Dataset != "PAY_GB_V1_BATCH" {
		t.Errorf("load = %+v", load)
	}
}

func TestGroupByTasks(t *testing.T) {
	t.Parallel()
	chained := func(left object) []object {
		return []object{{"joinSource": object{"join": object{"metaData": meta("pay.parent.v1", nil), "left": left}, "query": object{}}}}
	}
	entities := object{"entities": object{"snapshotTable": "raw.users", "mutationTable": "raw.mutations", "mutationTopic": "mutations", "query": object{}}}
	for name, c := range map[string]struct {
		meta, conf       object
		batch, streaming []string
	}{
		"offline without a start has no task": {object{}, object{}, nil, nil},
		"offline with a start is filled":      {object{}, object{"backfillStartDate": "2026-01-01"}, []string{"backfill"}, nil},
		"@never is not filled":                {object{"offlineSchedule": "@never"}, object{"backfillStartDate": "2026-01-01"}, nil, nil},
		"@never is uploaded all the same":     {object{"offlineSchedule": "@never", "online": 1}, object{}, []string{"upload", "kv_load"}, nil},
		"true is online":                      {object{"online": true}, object{}, []string{"upload", "kv_load"}, nil},
		"a topic makes it temporal":           {object{"online": 1}, object{"sources": []object{events("raw.e", "topic")}}, []string{"upload", "kv_load"}, []string{"keep_alive"}},
		"a topic and SNAPSHOT does not stream": {
			object{"online": 1}, object{"accuracy": 1, "sources": []object{events("raw.e", "topic")}}, []string{"upload", "kv_load"}, nil,
		},
		"one source of two with a topic streams": {
			object{"online": 1}, object{"sources": []object{events("raw.e", ""), events("raw.f", "topic")}}, []string{"upload", "kv_load"}, []string{"keep_alive"},
		},
		"a mutation topic streams":            {object{"online": 1}, object{"accuracy": 0, "sources": []object{entities}}, []string{"upload", "kv_load"}, []string{"keep_alive"}},
		"offline with a topic does not":       {object{"online": 0}, object{"accuracy": 0, "sources": []object{events("raw.e", "topic")}}, nil, nil},
		"TEMPORAL without a topic does not":   {object{"online": 1}, object{"accuracy": 0}, []string{"upload", "kv_load"}, nil},
		"chained on a join with a topic does": {object{"online": 1}, object{"sources": chained(events("raw.e", "topic"))}, []string{"upload", "kv_load"}, []string{"keep_alive"}},
		"chained twice does": {
			object{"online": 1}, object{"sources": chained(chained(events("raw.e", "topic"))[0])}, []string{"upload", "kv_load"}, []string{"keep_alive"},
		},
		"chained on a batch join does not": {object{"online": 1}, object{"sources": chained(events("raw.e", ""))}, []string{"upload", "kv_load"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defs := build(t, testRepo(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", c.meta, c.conf)}), testSettings())
			got := map[string][]string{}
			for _, dag := range defs.DAGs {
				got[dag.ID] = taskIDs(dag)
			}
			want := map[string][]string{}
			for _, word := range c.batch {
				want[batchDAG] = append(want[batchDAG], word+"__gb__v1")
			}
			for _, word := range c.streaming {
				want[streamingDAG] = append(want[streamingDAG], word+"__gb__v1", "summary")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			for _, e := range defs.Diagnostics.Errors() {
				t.Errorf("unexpected: %s", e)
			}
		})
	}
}

func TestStreamingDAGEndsInASummaryOfAllStreams(t *testing.T) {
	t.Parallel()
	streaming := object{"sources": []object{events("raw.e", "topic")}}
	s := testSettings()
	s.Stream.ListApps = []string{"yarn", "list"}
	defs := build(t, testRepo(t, map[string]object{
		"group_bys/pay/b.v1": groupBy("pay.b.v1", object{"online": 1}, streaming),
		"group_bys/pay/a.v1": groupBy("pay.a.v1", object{"online": 1}, streaming),
	}), s)
	dag := findDAG(t, defs, streamingDAG)
	if dag.Schedule != "*/15 * * * *" || dag.Catchup {
		t.Errorf("schedule %q, catchup %v", dag.Schedule, dag.Catchup)
	}
	if diff := cmp.Diff([]string{"keep_alive__a__v1", "keep_alive__b__v1", "summary"}, taskIDs(dag)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if summary := dag.Tasks[2]; summary.Mode != ModeSummary || !slices.Equal(summary.After, []string{"keep_alive__a__v1", "keep_alive__b__v1"}) {
		t.Errorf("summary = %+v", summary)
	}
	if first := dag.Tasks[0].Table; first != "pay.pay_a_v1_upload" {
		t.Errorf("the first start waits for %q, want the upload table", first)
	}
	if argv := line(dag.Tasks[0].Argv); !slices.Contains(argv, "yarn list") || !slices.Contains(argv, "streaming") {
		t.Errorf("argv = %q", argv)
	}
}

func TestScheduleInsideTheTeamsDAG(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meta object
		want map[string]string // task -> schedule
	}{
		"daily is the DAG's":             {object{"offlineSchedule": "@daily"}, map[string]string{"backfill__gb__v1": "", "upload__gb__v1": "", "kv_load__gb__v1": ""}},
		"weekly holds for the fill":      {object{"offlineSchedule": "@weekly"}, map[string]string{"backfill__gb__v1": "0 0 * * 0", "upload__gb__v1": ""}},
		"the upload has its own":         {object{"customJson": `{"uploadSchedule": "@monthly"}`}, map[string]string{"backfill__gb__v1": "", "upload__gb__v1": "0 0 1 * *", "kv_load__gb__v1": "0 0 1 * *"}},
		"a cron is kept as it was meant": {object{"offlineSchedule": "0  6 * * 1"}, map[string]string{"backfill__gb__v1": "0 6 * * 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.meta["online"] = 1
			dag := findDAG(t, buildClean(t, map[string]object{
				"group_bys/pay/gb.v1": groupBy("pay.gb.v1", c.meta, object{"backfillStartDate": "2026-01-01"}),
			}), batchDAG)
			for id, want := range c.want {
				if got := findTask(t, dag, id).Schedule; got != want {
					t.Errorf("%s runs at %q, want %q", id, got, want)
				}
			}
		})
	}
}

func TestStagingQueryTask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meta, conf object
		outputs    []string
		waits      []string
		coalesce   bool
	}{
		"fills its table by day":      {object{"dependencies": []string{"raw.t/ds={{ ds }}"}}, nil, []string{"pay.pay_sq_v1/ds={{ ds }}"}, []string{"raw.t/ds={{ ds }}"}, true},
		"computes one day only":       {object{"historicalBackfill": 0}, nil, []string{"pay.pay_sq_v1/ds={{ ds }}"}, []string{}, false},
		"a view reports every day":    {nil, object{"createView": true}, []string{"pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay_sq_v1"}, []string{}, false},
		"without start, one table":    {nil, object{"startPartition": nil}, []string{"pay.pay_sq_v1"}, []string{}, true},
		"unknown further columns":     {object{"customJson": `{"additional_partition_cols": ["region"]}`}, nil, []string{}, []string{}, true},
		"the lag moves the day":       {object{"customJson": `{"lag": 2}`}, nil, []string{"pay.pay_sq_v1/ds={{ macros.ds_add(ds, -2) }}"}, []string{}, true},
		"one wait per spec":           {object{"dependencies": []string{"raw.t/ds={{ ds }}", "raw.t/ds={{ ds }}"}}, nil, []string{"pay.pay_sq_v1/ds={{ ds }}"}, []string{"raw.t/ds={{ ds }}"}, true},
		"two lags of one table: both": {object{"dependencies": []string{"raw.t/ds={{ ds }}", "raw.t/ds={{ macros.ds_add(ds, -1) }}"}}, nil, []string{"pay.pay_sq_v1/ds={{ ds }}"}, []string{"raw.t/ds={{ ds }}", "raw.t/ds={{ macros.ds_add(ds, -1) }}"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defs := buildClean(t, map[string]object{"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", c.meta, c.conf)})
			task := findTask(t, findDAG(t, defs, stagingDAG), "backfill__sq__v1")
			if diff := cmp.Diff(c.outputs, outputs(task)); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.waits, specs(task.Waits)); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
			if task.Coalesce != c.coalesce {
				t.Errorf("coalesce = %v", task.Coalesce)
			}
		})
	}
}

func TestLagMovesTheDayAndLeavesTheSpec(t *testing.T) {
	t.Parallel()
	dag := findDAG(t, buildClean(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{
		"customJson": `{"lag": 3}`, "dependencies": []string{dep("raw.events/ds={{ macros.ds_add(ds, -3) }}", "", "")},
	}, object{"backfillStartDate": "2026-01-01"})}), batchDAG)
	task := dag.Tasks[0]
	argv := line(task.Argv)
	if task.Lag != 3 || argv[slices.Index(argv, "--ds")+1] != "{{ macros.ds_add(ds, -3) }}" {
		t.Errorf("lag %d, argv %q", task.Lag, argv)
	}
	if diff := cmp.Diff([]string{"pay.pay_gb_v1/ds={{ macros.ds_add(ds, -3) }}"}, outputs(task)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"raw.events/ds={{ macros.ds_add(ds, -3) }}"}, specs(task.Waits)); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestSourcesThatEnded(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.DAGs.Start, _ = ParseDate("2026-02-01")
	for name, c := range map[string]struct {
		dependency string
		want       int
	}{
		"ended before the DAG starts":                   {dep("raw.t/ds={{ ds }}", "2026-01-01", "2026-01-31"), 0},
		"ends on the first day, which is still needed":  {dep("raw.t/ds={{ ds }}", "2026-01-01", "2026-02-01"), 1},
		"ended the day before, which a lag still needs": {dep("raw.t/ds={{ macros.ds_add(ds, -1) }}", "2026-01-01", "2026-01-31"), 1},
		"goes on":               {dep("raw.t/ds={{ ds }}", "2026-01-01", ""), 1},
		"ends before it begins": {dep("raw.t/ds={{ ds }}", "2026-05-02", "2026-05-01"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defs := build(t, testRepo(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{
				"dependencies": []string{c.dependency},
			}, object{"backfillStartDate": "2026-01-01"})}), s)
			if got := findDAG(t, defs, batchDAG).Tasks[0].Waits; len(got) != c.want {
				t.Errorf("waits = %+v, want %d", got, c.want)
			}
		})
	}
}

func TestAnEndedSourceHidesNoLiveOne(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{
		"dependencies": []string{dep("raw.t/ds={{ ds }}", "2024-01-01", "2026-04-09"), dep("raw.t/ds={{ ds }}", "2026-04-10", "")},
	}, object{"backfillStartDate": "2026-01-01"})})
	waits := findDAG(t, defs, batchDAG).Tasks[0].Waits
	if len(waits) != 2 || waits[0].waitID() == waits[1].waitID() {
		t.Errorf("waits = %+v", waits)
	}
}

func TestDAGStartAndCatchup(t *testing.T) {
	t.Parallel()
	conf := map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, object{"sources": []object{events("raw.e", "topic")}})}
	for name, c := range map[string]struct {
		teams    string
		settings string
		start    string
		catchup  bool
	}{
		"nobody said":             {`{"default": {}, "pay": {}}`, "", "2024-01-01", false},
		"the project file did":    {`{"default": {}, "pay": {}}`, "2026-03-01", "2026-03-01", true},
		"default's comes first":   {`{"default": {"dag_start_date": "2026-04-01"}, "pay": {}}`, "2026-03-01", "2026-04-01", true},
		"the team's before it":    {`{"default": {"dag_start_date": "2026-04-01"}, "pay": {"dag_start_date": "2026-05-01"}}`, "2026-03-01", "2026-05-01", true},
		"without default section": {`{"pay": {}}`, "", "2024-01-01", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := testRepo(t, conf)
			fsys["teams.json"].Data = []byte(c.teams)
			s := testSettings()
			if c.settings != "" {
				s.DAGs.Start, _ = ParseDate(c.settings)
			}
			defs := build(t, fsys, s)
			batch, streaming := findDAG(t, defs, batchDAG), findDAG(t, defs, streamingDAG)
			if batch.Start.String() != c.start || batch.Catchup != c.catchup {
				t.Errorf("batch starts %s, catchup %v; want %s, %v", batch.Start, batch.Catchup, c.start, c.catchup)
			}
			if streaming.Start.String() != c.start || streaming.Catchup {
				t.Errorf("streaming starts %s, catchup %v; want %s, false", streaming.Start, streaming.Catchup, c.start)
			}
		})
	}
}

func TestTeamSettingsReachTheDAG(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil)})
	fsys["teams.json"].Data = []byte(`{"default": {"team_name": "all", "airflow_queue": "silver", "user": "svc", "maintainer_emails": ["a@x"]},
		"pay": {"team_name": "Payments", "maintainer_emails": "b@x", "user": "# TODO: ldap user name"}}`)
	defs := build(t, fsys, testSettings())
	dag := findDAG(t, defs, stagingDAG)
	if dag.Owner != "Payments" || dag.Queue != "silver" || dag.User != "svc" || !slices.Equal(dag.Emails, []string{"b@x"}) {
		t.Errorf("owner %q, queue %q, user %q, emails %q", dag.Owner, dag.Queue, dag.User, dag.Emails)
	}
	if diff := cmp.Diff([]string{codeTeamsValue}, codes(defs.Diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestPartitionColumnAndFormatOfTheRepository(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{
		"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{
			"customJson": `{"lag": 1}`, "dependencies": []string{dep("raw.t/ds={{ macros.ds_add(ds, -1) }}/system=web", "20260101", "")},
		}, object{"backfillStartDate": "20260101"}),
		"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", object{"dependencies": []string{"raw.t/ds={{ ds }}"}}, object{"startPartition": "20260101"}),
	})
	fsys["teams.json"].Data = []byte(`{"default": {"common_env": {"PARTITION_COLUMN": "dt", "PARTITION_FORMAT": "yyyyMMdd"}}, "pay": {}}`)
	defs := build(t, fsys, testSettings())
	for _, d := range defs.Diagnostics {
		t.Errorf("unexpected: %s", d)
	}
	task := findTask(t, findDAG(t, defs, batchDAG), "backfill__gb__v1")
	formatted := "{{ macros.ds_format(macros.ds_add(ds, -1), '%Y-%m-%d', '%Y%m%d') }}"
	if argv := line(task.Argv); argv[slices.Index(argv, "--ds")+1] != formatted {
		t.Errorf("argv = %q", argv)
	}
	if got, want := outputs(task), []string{"pay.pay_gb_v1/dt=" + formatted}; !slices.Equal(got, want) {
		t.Errorf("outputs = %q, want %q", got, want)
	}
	wait := task.Waits[0]
	if got, want := wait.Partition.Spec(), "raw.t/dt="+formatted+"/system=web"; got != want || wait.Start.String() != "2026-01-01" {
		t.Errorf("waits for %q from %s, want %q", got, wait.Start, want)
	}
	if want := "raw.t/ds={{ macros.ds_add(ds, -1) }}/system=web"; wait.Spec != want {
		t.Errorf("the spec became %q, want it as the conf has it", wait.Spec)
	}
	byHand := findTask(t, findDAG(t, defs, stagingDAG), "backfill__sq__v1").Waits[0]
	if got, want := byHand.Partition.Spec(), "raw.t/ds={{ ds }}"; got != want {
		t.Errorf("a dependency written by hand became %q, want %q", got, want)
	}
}

func TestBuildWithoutATeamsFileDecidesNothing(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, nil)})
	delete(fsys, "teams.json")
	defs := build(t, fsys, testSettings())
	if len(defs.DAGs) != 0 {
		t.Errorf("DAGs = %v", dagIDs(defs))
	}
	if diff := cmp.Diff([]string{codeTeamsMissing}, codes(defs.Diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Run.Args = []string{"--chronon-jar", "/a b.jar", "--x=\x1b[2J"}
	s.Run.Env = map[string]string{"A": "a b", "B=": "", "C": "\x00"}
	s.KVLoad = &CommandOrCallable{Argv: []string{"sh", "-c", "echo a b", "\x00"}}
	s.Stream.Every = 7
	defs := build(t, testRepo(t, nil), s)
	var paths []string
	for _, d := range defs.Diagnostics.Errors() {
		if d.Code == codeSettings {
			paths = append(paths, d.Path)
			if d.File != "chrononctl.yaml" {
				t.Errorf("%q is named for %s", d.File, d)
			}
		}
	}
	if diff := cmp.Diff([]string{"kv_load.argv[3]", "run.args[1]", "run.args[2]", "run.env.B=", "run.env.C", "streaming.every"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestRunSettingsShapeTheCommandLine(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Run.Python, s.Run.RunPy, s.Run.Args, s.Run.Env = "/opt/py", "/opt/run.py", []string{"--version", "1"}, map[string]string{"A": "b"}
	defs := build(t, testRepo(t, map[string]object{"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil)}), s)
	task := findDAG(t, defs, stagingDAG).Tasks[0]
	want := "/opt/py /opt/run.py --mode backfill --conf production/staging_queries/pay/sq.v1 --env production --ds {{ ds }} --repo . --version 1"
	if got := strings.Join(line(task.Argv), " "); got != want {
		t.Errorf("argv = %q, want %q", got, want)
	}
	if task.Env["A"] != "b" {
		t.Errorf("env = %v", task.Env)
	}
}
