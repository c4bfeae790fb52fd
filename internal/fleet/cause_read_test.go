package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/fleet"
)

// failing is a job that fails with an exception, after it logged lines and pushed XComs.
func failing(exception string, xcoms map[string]string, log ...string) func(airflowtest.Attempt) airflowtest.Outcome {
	return func(airflowtest.Attempt) airflowtest.Outcome {
		return airflowtest.Outcome{Ends: "failed", Exception: exception, Log: log, XComs: xcoms}
	}
}

// outcome is the XCom of a job that failed, as the runtime pushes it: a string of JSON.
func outcome(class, message string) map[string]string {
	return map[string]string{"chronon_progress": fmt.Sprintf("%q", fmt.Sprintf(`{"v": 1, "failure": {"class": %q, "message": %q, "remedy": "mend it"}}`, class, message))}
}

// planted is an Airflow with a DAG for each of the tasks, and an observer of it an hour later.
type planted struct {
	clock    *airflowtest.Clock
	server   *airflowtest.Airflow
	observer *fleet.Observer
}

func plantTasks(t *testing.T, version string, tasks map[string]airflowtest.Task) planted {
	t.Helper()
	p := planted{clock: &airflowtest.Clock{}}
	p.server = airflowtest.New(airflowtest.Options{Version: version, Now: p.clock.Now})
	for name, task := range tasks {
		if task.ID == "" {
			task.ID = "backfill__" + name
		}
		p.server.Put(airflowtest.File{Name: "join_" + name + ".py", DAGs: []airflowtest.DAG{{
			ID: "chronon_join_" + name, Unpaused: true, Tags: []string{"chronon", "kind:join", "team:core"}, Tasks: []airflowtest.Task{task}, Description: "x [cc:0123456789ab]",
		}}})
	}
	p.server.ParseAll()
	for name := range tasks {
		p.server.Trigger("chronon_join_"+name, "r1", p.clock.Now().Truncate(24*time.Hour))
	}
	p.clock.Advance(time.Hour)
	client, err := airflowclient.New(airflowclient.Config{
		URL: "http://localhost:8080", Transport: p.server.Transport(), Auth: airflowclient.Auto(airflowclient.Login{}), Now: p.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.observer = fleet.NewObserver(client, fleet.Options{Now: p.clock.Now})
	return p
}

// causes looks, reads what failed tasks said, and answers each cause as "kind title | known".
func (p planted) causes(t *testing.T) []string {
	t.Helper()
	s, err := p.observer.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, c := range fleet.Causes(s, p.observer.Details(t.Context(), s, nil)) {
		told = append(told, fmt.Sprintf("%v %q: %d effects", c.Kind, c.Title, len(c.Explains)))
	}
	return told
}

// manyLines is a log that only its end is kept of, with an error early on that is not the one.
func manyLines(n int, end ...string) []string {
	lines := make([]string, n, n+len(end))
	for i := range lines {
		lines[i] = "progress " + fmt.Sprint(i)
	}
	lines[10] = "ValueError: long ago"
	return append(lines, end...)
}

func TestWordsOfFailedTasksAreReadFromWhereTheyAre(t *testing.T) {
	t.Parallel()
	tasks := map[string]airflowtest.Task{
		"a_published": {Do: failing("AirflowException: no", outcome("validation", "Validation failed in core.a at line 12"))},
		"b_published": {Do: failing("AirflowException: no", outcome("validation", "Validation failed in core.a at line 7"))},
		"c_long":      {Do: failing("SparkException: Task 12 lost", nil, manyLines(5000)...)},
		"d_escapes":   {Do: failing("", nil, "\x1b]0;evil\x07\x1b[31mSparkException: Task 977 lost\x1b[0m", "bye")},
		"e_status":    {Do: failing("", outcome("exit_status", "the job ended with exit status 1"), "KeyError: 'column'")},
		"f_other":     {Do: failing("KeyError: 'column'", map[string]string{"chronon_progress": `"{\"v\": 9}"`})},
		"g_strange":   {Do: failing("", map[string]string{"chronon_progress": `"not even JSON"`}, "nothing to see")},
		"h_denied":    {Do: failing("", nil, "org.apache.hadoop.security.AccessControlException: Permission denied: user=etl")},
	}
	want := []string{
		`error "KeyError: 'column'": 2 effects`,
		`error "SparkException: Task 12 lost": 2 effects`,
		`error "Validation failed in core.a at line 12": 2 effects`,
		`permission "org.apache.hadoop.security.AccessControlException: Permission denied: user=etl": 1 effects`,
		`task "chronon_join_g_strange backfill__g_strange failed": 1 effects`,
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, plantTasks(t, version, tasks).causes(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where logs and XComs may not be read, that is said once, and as what it is.
func TestWhatMayNotBeReadIsOneCause(t *testing.T) {
	t.Parallel()
	p := plantTasks(t, "3.3.2", map[string]airflowtest.Task{
		"a": {Do: failing("KeyError: 'a'", outcome("validation", "a"))}, "b": {Do: failing("KeyError: 'b'", outcome("validation", "b"))},
	})
	p.server.Break(airflowtest.Answered("/logs/", airflowtest.Forbidden()), airflowtest.Answered("/xcomEntries/", airflowtest.Forbidden()))
	want := []string{`permission "logs and XComs of tasks may not be read: not permitted": 2 effects`}
	if diff := cmp.Diff(want, p.causes(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A full pool holds up whoever wants a slot of it; that is read from Airflow, and no guess.
func TestAFullPoolIsACause(t *testing.T) {
	t.Parallel()
	long := func(airflowtest.Attempt) airflowtest.Outcome { return airflowtest.Outcome{Takes: 100 * time.Hour} }
	tasks := map[string]airflowtest.Task{}
	for i := range 5 {
		tasks[fmt.Sprintf("j%d", i)] = airflowtest.Task{Pool: "spark", Do: long}
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := plantTasks(t, version, tasks)
			p.server.SetPool("spark", 2)
			p.clock.Advance(time.Minute)
			want := []string{`pool "pool spark is full: all of its 2 slots are taken": 3 effects`}
			if diff := cmp.Diff(want, p.causes(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A stopped scheduler is what holds up the runs that it does not begin.
func TestAStoppedSchedulerIsACause(t *testing.T) {
	t.Parallel()
	p := plantTasks(t, "3.3.2", map[string]airflowtest.Task{"a": {Pool: "late"}}) // a pool that is not there: its task is never queued
	p.server.Schedule(p.clock.Now(), airflowtest.Stop())
	p.clock.Advance(5 * time.Minute)
	want := []string{`airflow "Airflow's scheduler is unhealthy": 2 effects`}
	if diff := cmp.Diff(want, p.causes(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
