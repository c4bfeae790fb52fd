//go:build real

package airflowclient_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/demo/local"
)

// contractDAGs is the DAG folder of the contract: a DAG whose first task logs and pushes an XCom and whose second fails, one that
// is left alone, and a file that does not load. It parses on Airflow 2.11 and 3.3.
var contractDAGs = map[string]string{
	"contract.py": `
import json
from datetime import datetime

try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow import DAG
    from airflow.operators.python import PythonOperator


def report(ti):
    print("it's \"quoted\" \\ and é ☃")
    ti.xcom_push(key="report", value=json.dumps({"rows": 3, "days": ["2024-01-02"]}))


def fail():
    raise ValueError("planned failure")


with DAG("contract_ok", schedule=None, start_date=datetime(2024, 1, 1), tags=["contract", "team:a"], description="Contract [cc:0123456789ab]"):
    PythonOperator(task_id="report", python_callable=report) >> PythonOperator(task_id="fail", python_callable=fail)

with DAG("contract_idle", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, tags=["contract"]):
    PythonOperator(task_id="only", python_callable=report)
`,
	"broken.py": `
from airflow import DAG

raise RuntimeError("planned import error")
`,
}

// TestRealContract holds real Airflows of both versions to the contract.
func TestRealContract(t *testing.T) { //nolint:paralleltest // One Airflow at a time is what two cores carry.
	for _, version := range []string{local.Airflow2, local.Airflow3} {
		t.Run(version, func(t *testing.T) {
			server := startAirflow(t, version)
			login := airflowclient.Login{User: server.Auth.Username, Password: airflowclient.NewSecret(server.Auth.Password)}
			c, err := airflowclient.New(airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			if err := awaitParsed(ctx, c); err != nil {
				t.Fatal(err)
			}
			checkContract(ctx, t, c)
			if version == local.Airflow2 { // Airflow 3 is started without passwords here: whoever asks is an administrator.
				login.Password, login.Source = airflowclient.NewSecret("wrong"), "the test"
				checkWrongPassword(t, airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
			}
		})
	}
}

// startAirflow runs an Airflow with the DAG folder of the contract until the test ends.
func startAirflow(t *testing.T, version string) *local.Airflow {
	t.Helper()
	dags := t.TempDir()
	for name, text := range contractDAGs {
		if err := os.WriteFile(filepath.Join(dags, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server, err := local.Start(t.Context(), local.Options{Version: version, DAGs: dags})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return server
}

// awaitParsed polls until Airflow has seen both files.
func awaitParsed(ctx context.Context, c *airflowclient.Client) error {
	return await(ctx, func() (bool, error) {
		dags, err := c.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"contract"}})
		if err != nil || len(dags) < 2 {
			return false, err
		}
		broken, err := c.ImportErrors(ctx)
		return len(broken) > 0, err
	})
}
