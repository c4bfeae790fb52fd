package airflowclient_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// behaviourFile is the DAG file of the behaviours. It parses on Airflow 2.11 and 3.3.
const behaviourFile = `
import time
from datetime import datetime, timedelta

try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:
    from airflow import DAG
    from airflow.operators.python import PythonOperator
    from airflow.sensors.python import PythonSensor


def act(what="ok", seconds=0.0):
    time.sleep(seconds)
    if what == "fail":
        raise ValueError("planned failure")


def never():
    return False


ALWAYS = {"schedule": None, "start_date": datetime(2024, 1, 1), "tags": ["behaviour"]}

with DAG("b_chain", **ALWAYS):
    first = PythonOperator(task_id="first", python_callable=act)
    bad = PythonOperator(task_id="bad", python_callable=act, op_kwargs={"what": "fail"})
    first >> bad >> PythonOperator(task_id="last", python_callable=act)

with DAG("b_long", **ALWAYS):
    PythonOperator(task_id="long", python_callable=act, op_kwargs={"seconds": 300}, retries=1, retry_delay=timedelta(seconds=2)) >> PythonOperator(task_id="after", python_callable=act)

with DAG("b_retry", **ALWAYS):
    PythonOperator(task_id="flaky", python_callable=act, op_kwargs={"what": "fail"}, retries=1, retry_delay=timedelta(seconds=6))

with DAG("b_sensor", **ALWAYS):
    PythonSensor(task_id="wait", python_callable=never, mode="reschedule", poke_interval=3, retries=9, retry_delay=timedelta(seconds=1))  # under load 3.3 fails sensors that gave their slot back

with DAG("b_pool", **ALWAYS):
    PythonOperator(task_id="stuck", python_callable=act, pool="no_such_pool")

with DAG("b_catchup", schedule=timedelta(days=1), start_date=datetime(2026, 11, 1), catchup=True, max_active_runs=1, tags=["behaviour"]):
    PythonSensor(task_id="wait", python_callable=never, mode="reschedule", poke_interval=60, retries=9)

with DAG("b_used", description="edition one", **ALWAYS):
    PythonOperator(task_id="only", python_callable=act)

with DAG("b_unused", description="edition one", **ALWAYS):
    PythonOperator(task_id="only", python_callable=act)
`

// otherFile is a file with one DAG.
func otherFile(id string) string {
	return `
from datetime import datetime

try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow import DAG
    from airflow.operators.empty import EmptyOperator

with DAG("` + id + `", schedule=None, start_date=datetime(2024, 1, 1), tags=["behaviour"]):
    EmptyOperator(task_id="only")
`
}

var (
	dagPattern         = regexp.MustCompile(`with DAG\("(\w+)"(?:, description="([^"]*)")?`)
	raisePattern       = regexp.MustCompile(`(?m)^raise RuntimeError\("([^"]*)"\)`)
	errBehaviourUnread = errors.New("RuntimeError: the simulation does not know this DAG")
)

// readBehaviour stands for Python: it finds the DAGs of a file by their ids, and knows what is in them.
func readBehaviour(_, text string) ([]airflowtest.DAG, error) {
	if raised := raisePattern.FindStringSubmatch(text); raised != nil {
		return nil, errors.New("RuntimeError: " + raised[1])
	}
	var dags []airflowtest.DAG
	for _, found := range dagPattern.FindAllStringSubmatch(text, -1) {
		dag := airflowtest.DAG{ID: found[1], Description: found[2], Tags: []string{"behaviour"}, Start: day(1)}
		switch tasks, known := behaviourTasks[dag.ID]; {
		case known:
			dag.Tasks = tasks
		case strings.HasPrefix(dag.ID, "b_"):
			return nil, errBehaviourUnread
		default:
			dag.Tasks = []airflowtest.Task{{ID: "only", Operator: "EmptyOperator", Do: plays(airflowtest.Outcome{})}}
		}
		if dag.ID == "b_catchup" {
			dag.Every, dag.Start, dag.Catchup, dag.MaxActive = 24*time.Hour, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), true, 1
		}
		dags = append(dags, dag)
	}
	return dags, nil
}

// behaviourTasks is what behaviourFile has, by DAG.
var behaviourTasks = map[string][]airflowtest.Task{
	"b_chain": {
		{ID: "first", Do: plays(airflowtest.Outcome{})},
		{ID: "bad", Upstream: []string{"first"}, Do: plays(plannedFailure)},
		{ID: "last", Upstream: []string{"bad"}, Do: plays(airflowtest.Outcome{})},
	},
	"b_long": {
		{ID: "long", Retries: 1, RetryDelay: 2 * time.Second, Do: plays(airflowtest.Outcome{Takes: 5 * time.Minute})},
		{ID: "after", Upstream: []string{"long"}, Do: plays(airflowtest.Outcome{})},
	},
	"b_retry":   {{ID: "flaky", Retries: 1, RetryDelay: 6 * time.Second, Do: plays(plannedFailure)}},
	"b_sensor":  {{ID: "wait", Operator: "PythonSensor", Retries: 9, RetryDelay: time.Second, Do: plays(airflowtest.Outcome{Ends: "up_for_reschedule", Again: 3 * time.Second})}},
	"b_pool":    {{ID: "stuck", Pool: "no_such_pool", Do: plays(airflowtest.Outcome{})}},
	"b_catchup": {{ID: "wait", Operator: "PythonSensor", Retries: 9, Do: plays(airflowtest.Outcome{Ends: "up_for_reschedule"})}},
	"b_used":    {{ID: "only", Do: plays(airflowtest.Outcome{})}},
	"b_unused":  {{ID: "only", Do: plays(airflowtest.Outcome{})}},
}

var plannedFailure = airflowtest.Outcome{Ends: "failed", Exception: "ValueError: planned failure"}

// plays is a task that does the same at every try, in a second unless it says otherwise.
func plays(does airflowtest.Outcome) func(airflowtest.Attempt) airflowtest.Outcome {
	does.Takes = max(does.Takes, time.Second)
	return func(airflowtest.Attempt) airflowtest.Outcome {
		own := does
		own.Log = slices.Clone(does.Log)
		return own
	}
}
