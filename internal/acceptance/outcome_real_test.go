//go:build real

package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// daysAreCoalesced: of a backlog whose inputs are all there only the newest day is computed, of one whose newest input was late the two newest;
// the days that were left out are there all the same, and their tasks say who filled them.
func (s *scene) daysAreCoalesced(t *testing.T) {
	for _, c := range []struct {
		dag, task, mode, conf, table string
		computed                     []string
	}{
		{joinDAG, "backfill_final__training__v1", "backfill-final", "joins/backlog/training.v1", "backlog.backlog_training_v1", []string{s.last}},
		{"chronon_stats_backlog", "stats__training__v1", "stats-summary", "joins/backlog/training.v1", "backlog.backlog_training_v1_daily_stats", []string{s.last}},
		{stagingDAG, "backfill__events__filled", "backfill", "staging_queries/backlog/events.filled", "backlog.backlog_events_filled", []string{s.before, s.last}},
	} {
		var computed []string
		for _, r := range s.runsOf(t, c.mode, c.conf) {
			computed = append(computed, r.after("--ds"))
		}
		if !slices.Equal(computed, c.computed) {
			t.Errorf("%s was computed for %v, want %v", c.conf, computed, c.computed)
		}
		for i, day := range s.days {
			if out, status := s.ask(t, "has", c.table, "ds="+day); status != 0 {
				t.Errorf("%s/ds=%s is lost %s", c.table, day, out)
			}
			instance, err := s.instance(t.Context(), c.dag, c.task, day)
			want := airflowclient.StateSkipped
			if slices.Contains(c.computed, day) {
				want = airflowclient.StateSuccess
			}
			if err != nil || instance.State != want {
				t.Errorf("%s of %s is %s, want %s: %v", c.task, day, instance.State, want, err)
			}
			if want == airflowclient.StateSkipped && !strings.HasPrefix(c.task, "backfill_final") { // that one is skipped since the left side was
				missing, err := s.logHas(t.Context(), instance, "the run of "+s.days[i+1]+" has all that it needs and fills "+day+" too")
				if err != nil || missing != "" {
					t.Error(missing, err)
				}
			}
		}
	}
}

// ownDaysAreNeverSkipped: a label join and a conf without historical backfill compute each day, and each day is there.
func (s *scene) ownDaysAreNeverSkipped(t *testing.T) {
	for _, c := range []struct{ mode, conf, table, column string }{
		{"label-join", "joins/backlog/training.v1", "backlog.backlog_training_v1_labels", "label_ds"},
		{"backfill", "staging_queries/backlog/events.one_day", "backlog.backlog_events_one_day", "ds"},
	} {
		var computed []string
		for _, r := range s.runsOf(t, c.mode, c.conf) {
			computed = append(computed, r.after("--ds"))
		}
		slices.Sort(computed)
		if !slices.Equal(computed, s.days) {
			t.Errorf("%s of %s was computed for %v, want each of %v once", c.mode, c.conf, computed, s.days)
		}
		for _, day := range s.days {
			if out, status := s.ask(t, "has", c.table, c.column+"="+day); status != 0 {
				t.Errorf("%s/%s=%s is lost %s", c.table, c.column, day, out)
			}
		}
	}
}

// daysNeverOverlap: two programs that do the same for different days are never alive at the same time.
func (s *scene) daysNeverOverlap(t *testing.T) {
	const several = 5 // jobs that have more than one day: two staging queries, a label join, an upload and its load
	last, days := map[string]record{}, map[string]int{}
	for _, kind := range []string{kindRun, kindLoad} {
		for _, r := range s.recordsOf(t, kind) {
			job := withoutDay(r)
			if before, found := last[job]; found && r.Began < before.Ended {
				t.Errorf("%s\nbegan before this had ended\n%s", shown(r.Argv), shown(before.Argv))
			}
			last[job] = r
			days[job]++
		}
	}
	found := 0
	for _, count := range days {
		if count > 1 {
			found++
		}
	}
	if found < several {
		t.Errorf("only %d jobs had more than one day, so little was shown", found)
	}
}

// withoutDay is what programs for different days have in common.
func withoutDay(r record) string {
	day := r.after("--ds")
	if r.Kind == kindLoad {
		day = r.Argv[len(r.Argv)-1]
	}
	return line(slices.DeleteFunc(slices.Clone(r.Argv), func(arg string) bool { return arg == day }))
}

// index finds the promised task of a command line, for any day of the scene.
func (s *scene) index() map[string]promisedTask {
	promised := map[string]promisedTask{}
	for _, p := range []promises{s.definitions, s.hive} {
		p.programs(func(task promisedTask) {
			for _, day := range append([]string{moved(s.last, 1)}, s.days...) { // a stream ticks today
				promised[line(task.argvOn(day))] = task
			}
		})
	}
	return promised
}

// repoOf is the repository that a program worked for.
func (s *scene) repoOf(r record) string {
	if strings.Contains(r.after("--conf"), "staging_queries/hive/") {
		return s.repo("hive")
	}
	return s.repo("repo")
}

// argvIsAsPromised: every command line that was received is, byte for byte, one of those that `generate --format json` promises for a task and a
// day, every task that the confs ask for was run, and so every mode that there is.
func (s *scene) argvIsAsPromised(t *testing.T) {
	promised, waiting, modes := s.index(), map[string]bool{}, map[string]bool{}
	for _, task := range promised {
		waiting[task.DAG+" "+task.ID] = true
	}
	for _, r := range slices.Concat(s.recordsOf(t, kindRun), s.recordsOf(t, kindLoad)) {
		got := asPromised(t, r.Argv, s.repoOf(r))
		task, found := promised[line(got)]
		if !found {
			t.Errorf("nobody promised\n  %s\nreceived as\n  %s", shown(got), shown(r.Argv))
			continue
		}
		if r.Status != 0 {
			t.Errorf("exit status %d of %s", r.Status, shown(r.Argv))
		}
		if r.Kind == kindRun && r.Cwd != s.repoOf(r) {
			t.Errorf("%s ran in %s", shown(r.Argv), r.Cwd)
		}
		delete(waiting, task.DAG+" "+task.ID)
		modes[task.Mode] = true
	}
	delete(waiting, hiveDAG+" backfill__tables__mistyped") // its input does not exist
	if len(waiting) > 0 {
		t.Errorf("never run: %v", slices.Sorted(maps.Keys(waiting)))
	}
	for _, mode := range []dagspec.Mode{
		dagspec.ModeBackfill, dagspec.ModeBackfillLeft, dagspec.ModeBackfillFinal, dagspec.ModeUpload, dagspec.ModeStreaming, dagspec.ModeConsistency,
		dagspec.ModeLogFlattener, dagspec.ModeLabelJoin, dagspec.ModeModelTransform, dagspec.ModeStats, dagspec.ModeLogStats, dagspec.ModeMetadataUpload,
		dagspec.ModeKVLoad,
	} {
		if !modes[string(mode)] {
			t.Errorf("no job of mode %s was run", mode)
		}
	}
}

// environment: run.py gets the worker's environment and the project's, its output comes at once; Spark gets what teams.json and the confs say for
// production, under the name by which a stream is found.
func (s *scene) environment(t *testing.T) {
	promised := s.index()
	for _, r := range s.recordsOf(t, kindRun) {
		want := map[string]string{"ON_WORKER": "what the worker has", "PYTHONUNBUFFERED": "1"}
		maps.Copy(want, promised[line(asPromised(t, r.Argv, s.repoOf(r)))].Env)
		if s.repoOf(r) == s.repo("repo") && want["FROM_PROJECT"] == "" {
			t.Errorf("%s is promised nothing of what the project file says", shown(r.Argv))
		}
		for name, value := range want {
			if r.Env[name] != value {
				t.Errorf("%s: %s is %q, want %q", shown(r.Argv), name, r.Env[name], value)
			}
		}
	}
	for app, want := range map[string]map[string]string{
		"chronon_staging_queries_backfill_production_backlog.events.filled": {"EXECUTOR_MEMORY": "4G"},  // default.production
		"chronon_group_bys_backfill_production_modes.features.snapshot":     {"EXECUTOR_MEMORY": "8G"},  // the team's, not its dev
		"chronon_group_bys_upload_production_modes.features.stream":         {"EXECUTOR_MEMORY": "4G"},  // not the team's dev
		"chronon_group_bys_streaming_production_modes.features.stream":      {"PARALLELISM": "32"},      // the conf's, not the team's
		"chronon_joins_model-transform-batch_production_modes.served.v1":    {"EXECUTOR_MEMORY": "16G"}, // the conf's
	} {
		submitted := slices.DeleteFunc(s.recordsOf(t, kindSubmit), func(r record) bool { return r.Env["APP_NAME"] != app || r.after("--name") != app })
		if len(submitted) == 0 {
			t.Errorf("no application %s was submitted", app)
		}
		for _, r := range submitted {
			for name, value := range want {
				if r.Env[name] != value {
					t.Errorf("%s has %s=%q, want %q", app, name, r.Env[name], value)
				}
			}
		}
	}
	for _, r := range s.recordsOf(t, kindSubmit) {
		if strings.HasSuffix(r.Env["APP_NAME"], "_upload_production_modes.features.stream") && !slices.Contains(r.Argv, "--step-days=7") {
			t.Errorf("the conf's own arguments are missing: %s", shown(r.Argv))
		}
	}
}

// everythingEndedWell: but for the run that nobody understood and the table that does not exist, no task failed.
func (s *scene) everythingEndedWell(t *testing.T) {
	var refs []airflowclient.RunRef
	for _, dag := range s.definitions.DAGs {
		runs, err := s.client.Runs(t.Context(), airflowclient.RunQuery{DAGIDs: []string{dag.ID}})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range runs {
			if run.ID != notUnderstoodRun {
				refs = append(refs, airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID})
			}
		}
	}
	failed, err := s.client.TaskInstances(t.Context(), airflowclient.TaskQuery{
		Runs: refs, States: []airflowclient.State{airflowclient.StateFailed, airflowclient.StateUpstreamFailed},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, instance := range failed {
		text, _ := s.log(t.Context(), instance)
		t.Errorf("%s %s of %s is %s:\n%s", instance.DAGID, instance.TaskID, instance.RunID, instance.State, text)
	}
}
