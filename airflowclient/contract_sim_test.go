package airflowclient_test

import (
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// contractFiles is what Airflow finds in the DAG folder of the contract: the same as in contractDAGs.
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
	ok := airflowtest.DAG{
		ID: "contract_ok", Description: "Contract [cc:0123456789ab]", Tags: []string{"contract", "team:a"}, Start: day(1),
		Tasks: []airflowtest.Task{{ID: "report", Do: report}, {ID: "fail", Upstream: []string{"report"}, Do: fail}},
	}
	idle := airflowtest.DAG{
		ID: "contract_idle", Tags: []string{"contract"}, Start: day(1), Every: 24 * time.Hour, Tasks: []airflowtest.Task{{ID: "only", Do: report}},
	}
	return []airflowtest.File{
		{Name: "contract.py", DAGs: []airflowtest.DAG{ok, idle}},
		{Name: "broken.py", Err: "Traceback (most recent call last):\nRuntimeError: planned import error\n"},
	}
}

// TestSimulatedContract holds both faces of the simulation to what real Airflows were held to.
func TestSimulatedContract(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
				server := airflowtest.New(airflowtest.Options{Version: a.version, User: "eve", Password: "secret"})
				server.Put(contractFiles()...)
				server.ParseAll()
				login := airflowclient.Login{User: "eve", Password: airflowclient.NewSecret("secret")}
				checkContract(t.Context(), t, newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(login)}))
				login.Password, login.Source = airflowclient.NewSecret("wrong"), "the test"
				checkWrongPassword(t, airflowclient.Config{
					URL: "http://localhost:8080", Transport: server.Transport(), Auth: airflowclient.Auto(login),
				})
			})
		})
	}
}
