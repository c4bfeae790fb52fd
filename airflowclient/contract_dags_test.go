package airflowclient_test

import (
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// contractDAGs is the DAG folder of the contract. It parses on every Airflow from 2.6 on.
//
//   - contract_ok: the first task logs, pushes an XCom and writes an asset, the second fails.
//   - contract_idle is left alone.
//   - contract_mapped: of two mapped instances the second fails, so that the task behind them does not run.
//   - contract_days stays paused, so that nothing of it ever runs; its pool does not exist.
//   - broken.py does not load.
var contractDAGs = map[string]string{
	"contract.py": `
import json
from datetime import datetime

try:
    from airflow.sdk import DAG, Asset
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.python import PythonOperator
try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:
    from airflow.timetables.interval import CronDataIntervalTimetable


def report(ti):
    print("it's \"quoted\" \\ and é ☃")
    ti.xcom_push(key="report", value=json.dumps({"rows": 3, "days": ["2024-01-02"]}))


def fail():
    raise ValueError("planned failure")


def part(number, ti):
    ti.xcom_push(key="part", value=json.dumps({"number": number}))
    if number == 20:
        raise ValueError("planned failure")


daily = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")

with DAG("contract_ok", schedule=None, start_date=datetime(2024, 1, 1), tags=["contract", "team:a"], description="Contract [cc:0123456789ab]"):
    first = PythonOperator(task_id="report", python_callable=report, outlets=[Asset("contract://thing")])
    first >> PythonOperator(task_id="fail", python_callable=fail)

with DAG("contract_idle", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, tags=["contract"]):
    PythonOperator(task_id="only", python_callable=report)

with DAG("contract_mapped", schedule=None, start_date=datetime(2024, 1, 1), tags=["mapped"], is_paused_upon_creation=False):
    parts = PythonOperator.partial(task_id="part", python_callable=part).expand(op_args=[[10], [20]])
    parts >> PythonOperator(task_id="after", python_callable=report)

with DAG("contract_days", schedule=daily, start_date=datetime(2024, 1, 1), catchup=False, tags=["days"]):
    PythonOperator(task_id="pooled", python_callable=report, pool="no_such_pool")
`,
	"broken.py": `
from airflow import DAG

raise RuntimeError("planned import error")
`,
}

// contractFiles is what the simulated Airflow finds in that folder.
func contractFiles() []airflowtest.File {
	report := func(airflowtest.Attempt) airflowtest.Outcome {
		return airflowtest.Outcome{
			Takes: time.Second, Log: []string{`it's "quoted" \ and é ☃`},
			XComs: map[string]string{"report": `"{\"rows\": 3, \"days\": [\"2024-01-02\"]}"`},
		}
	}
	fail := func(airflowtest.Attempt) airflowtest.Outcome {
		return airflowtest.Outcome{Takes: time.Second, Ends: "failed", Exception: "ValueError: planned failure"}
	}
	part := func(t airflowtest.Attempt) airflowtest.Outcome {
		does := airflowtest.Outcome{Takes: time.Second, XComs: map[string]string{"part": `"{\"number\": 10}"`}}
		if t.MapIndex == 1 {
			does = airflowtest.Outcome{Takes: time.Second, Ends: "failed", Exception: "ValueError: planned failure", XComs: map[string]string{"part": `"{\"number\": 20}"`}}
		}
		return does
	}
	ok := airflowtest.DAG{
		ID: "contract_ok", Description: "Contract [cc:0123456789ab]", Tags: []string{"contract", "team:a"}, Start: day(1),
		Tasks: []airflowtest.Task{{ID: "report", Do: report, Outlets: []string{"contract://thing"}}, {ID: "fail", Upstream: []string{"report"}, Do: fail}},
	}
	idle := airflowtest.DAG{
		ID: "contract_idle", Tags: []string{"contract"}, Start: day(1), Cron: "0 0 * * *", Tasks: []airflowtest.Task{{ID: "only", Do: report}},
	}
	mapped := airflowtest.DAG{
		ID: "contract_mapped", Tags: []string{"mapped"}, Start: day(1), Unpaused: true,
		Tasks: []airflowtest.Task{{ID: "part", Mapped: 2, Do: part}, {ID: "after", Upstream: []string{"part"}, Do: report}},
	}
	days := airflowtest.DAG{
		ID: "contract_days", Tags: []string{"days"}, Start: day(1), Cron: "0 0 * * *", Tasks: []airflowtest.Task{{ID: "pooled", Pool: "no_such_pool", Do: report}},
	}
	return []airflowtest.File{
		{Name: "contract.py", DAGs: []airflowtest.DAG{ok, idle, mapped, days}, Text: contractDAGs["contract.py"]},
		{Name: "broken.py", Err: "Traceback (most recent call last):\nRuntimeError: planned import error\n"},
	}
}
