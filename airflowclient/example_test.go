package airflowclient_test

import (
	"context"
	"fmt"
	"net/http"

	"chrononctl/airflowclient"
)

// A client is made without a request; the first call finds out which Airflow answers. An error says what to do next.
func Example() {
	server := newFake(apiV2, map[string]http.HandlerFunc{
		"GET /api/v2/dags":    answer(200, `{"dags": [{"dag_id": "chronon_join_payments", "is_paused": true}], "total_entries": 1}`),
		"POST /auth/token":    answer(201, `{"access_token": "t"}`),
		"GET /api/v2/dags/no": answer(404, `{"detail": "The Dag with ID: no was not found"}`),
	})
	client, err := airflowclient.New(airflowclient.Config{
		URL:       "https://airflow.example.com/prod",
		Auth:      airflowclient.Auto(airflowclient.Login{User: "ana", Password: airflowclient.NewSecret("…"), Source: "AIRFLOW_PASSWORD"}),
		Transport: below("/prod", server),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	dags, err := client.DAGs(context.Background(), airflowclient.DAGQuery{})
	fmt.Println(dags[0].ID, dags[0].Paused, err)
	_, err = client.DAG(context.Background(), "no")
	fmt.Println(err, airflowclient.IsNotFound(err))
	// Output:
	// chronon_join_payments true <nil>
	// read DAG: not found (HTTP 404): The Dag with ID: no was not found true
}
