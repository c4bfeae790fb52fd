package fleet

import (
	"strings"
	"testing"

	"chrononctl/dagspec"
)

// TestADAGIsBrokenByTheFileThatItsReleaseNames has two files that do not import, of which the name of the wrong one fits the DAG better.
func TestADAGIsBrokenByTheFileThatItsReleaseNames(t *testing.T) {
	t.Parallel()
	const dag = "chronon_batch_dag_payments"
	for file, want := range map[string]string{"batch_payments_2.py": "NameError: name 'b'", "batch_payments.py": "NameError: name 'a'", "": "NameError: name 'a'"} {
		s := Snapshot{
			At: noon, Server: Server{Version: "3.3.2", Health: OK},
			DAGs: []DAG{{ID: dag, Team: "payments", Kind: dagspec.KindBatch, Broken: true}},
			Broken: []BrokenFile{
				{File: "/dags/chronon/batch_payments.py", Trace: "Traceback:\nNameError: name 'a'", Ours: true},
				{File: "/dags/chronon/batch_payments_2.py", Trace: "Traceback:\nNameError: name 'b'", Ours: true},
			},
			Intent: &Intent{Source: IntentRelease, released: map[string]released{dag: {file: file}}},
		}
		answer, found := Explain(s, Details{}).Why(dag)
		if !found || len(answer.Causes) != 1 || !strings.Contains(answer.Causes[0].Title, want) {
			t.Errorf("%s in %q: behind it is %+v, want %s", dag, file, answer.Causes, want)
		}
	}
}

// Who may not read all DAGs of a file is shown the same words in place of every trace: files that do not import have no cause in common for that.
func TestTracesThatMayNotBeReadAreNoCommonCause(t *testing.T) {
	t.Parallel()
	const redacted = "REDACTED - you do not have read permission on all DAGs in the file"
	s := Snapshot{At: noon, Server: Server{Health: OK}, Broken: []BrokenFile{
		{File: "batch_core.py", Trace: redacted, Ours: true}, {File: "join_core.py", Trace: redacted, Ours: true},
	}}
	causes := Causes(s, Details{})
	if len(causes) != 2 || !strings.Contains(causes[0].Title, "may not read why") {
		t.Errorf("got %+v", causes)
	}
}
