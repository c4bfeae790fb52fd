package fleet

import (
	"testing"

	"chrononctl/airflowclient"
)

func TestTaskHealth(t *testing.T) {
	t.Parallel()
	for state, want := range map[airflowclient.State]Health{
		"":                   None,
		"success":            OK,
		"skipped":            Skipped,
		"removed":            Skipped,
		"running":            Running,
		"restarting":         Running,
		"queued":             Waiting,
		"scheduled":          Waiting,
		"deferred":           Waiting,
		"up_for_reschedule":  Waiting,
		"up_for_retry":       Waiting,
		"failed":             Failed,
		"upstream_failed":    Failed,
		"awaiting_moonlight": Unknown,
		"SUCCESS":            Unknown,
		"\x1b[32msuccess":    Unknown,
	} {
		if got := TaskHealth(state); got != want {
			t.Errorf("TaskHealth(%q) = %v, want %v", state, got, want)
		}
	}
}

func TestRunHealth(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state airflowclient.State
		read  reading
		tasks []string // id=state
		want  Health
	}{
		"success of tasks":                                   {"success", wasRead, []string{"a=success", "b=success"}, OK},
		"success with some left to a newer day":              {"success", wasRead, []string{"a=success", "b=skipped"}, OK},
		"success of skipped tasks only is no success":        {"success", wasRead, []string{"a=skipped", "b=skipped"}, Skipped},
		"jobs left to a newer day after their inputs came":   {"success", wasRead, []string{"wait_for__x=success", "a=skipped"}, Skipped},
		"a job left to a newer day before a summary":         {"success", wasRead, []string{"consistency__a=skipped", "summary=success"}, Skipped},
		"a run of sensors only":                              {"success", wasRead, []string{"wait_for__x=success"}, OK},
		"success without any task, before the start date":    {"success", wasRead, nil, None},
		"success of tasks that nothing looked at":            {"success", wasRead, []string{"a=", "b="}, None},
		"success with a failed task before an all-done one":  {"success", wasRead, []string{"keep_alive__s=failed", "summary=success"}, Failed},
		"success with a state nobody knows":                  {"success", wasRead, []string{"a=success", "b=dreaming"}, Unknown},
		"success, older, tasks not asked for":                {"success", notRead, nil, OK},
		"success whose tasks cannot be read is not believed": {"success", unreadable, nil, Unknown},
		"failed":                                {"failed", wasRead, []string{"a=failed", "b=upstream_failed"}, Failed},
		"failed without its tasks":              {"failed", unreadable, nil, Failed},
		"queued":                                {"queued", wasRead, nil, Waiting},
		"running a job":                         {"running", wasRead, []string{"wait_for__x=success", "a=running"}, Running},
		"running with only rescheduled sensors": {"running", wasRead, []string{"wait_for__x=up_for_reschedule", "a="}, Waiting},
		"running with a sensor that looks just now":   {"running", wasRead, []string{"wait_for__x=running", "a="}, Waiting},
		"running with a retry to come":                {"running", wasRead, []string{"a=up_for_retry"}, Waiting},
		"running with a job beside a waiting sensor":  {"running", wasRead, []string{"wait_for__x=up_for_reschedule", "a=running"}, Running},
		"running with a failure already":              {"running", wasRead, []string{"a=failed", "b=running"}, Failed},
		"running, and nothing has been scheduled yet": {"running", wasRead, []string{"a=", "b="}, Running},
		"running without its tasks":                   {"running", notRead, nil, Running},
		"running whose tasks cannot be read":          {"running", unreadable, nil, Unknown},
		"a run state nobody knows":                    {"levitating", wasRead, []string{"a=success"}, Unknown},
		"a run without a state":                       {"", notRead, nil, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := runHealth(tc.state, tasksFrom(tc.tasks), tc.read); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestHealthIsDistinctWithoutColour(t *testing.T) {
	t.Parallel()
	seen := make(map[string]Health)
	for h := None; h <= Failed; h++ {
		for _, text := range []string{"name " + h.String(), "word " + h.Word(), "glyph " + h.Glyph(), "ascii " + h.ASCII()} {
			if other, ok := seen[text]; ok {
				t.Errorf("%v and %v have the same %s", other, h, text)
			}
			seen[text] = h
		}
		if len(h.ASCII()) != 1 || len([]rune(h.Glyph())) != 1 {
			t.Errorf("%v: the glyphs %q and %q are not one column", h, h.Glyph(), h.ASCII())
		}
	}
	if beyond := Health(200); beyond.Word() != "unknown" || !beyond.Unhealthy() {
		t.Errorf("a health out of range is %q, unhealthy %v", beyond.Word(), beyond.Unhealthy())
	}
}
