//go:build real

package airflowclient_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/demo/local"
)

// TestRealContract holds real Airflows to the contract, the newest of each line and the oldest 3.x, and the newest to the behaviours.
func TestRealContract(t *testing.T) { //nolint:paralleltest // One Airflow at a time is what two cores carry.
	for _, version := range []string{local.Airflow2, local.OldestAirflow3, local.Airflow3} {
		t.Run(version, func(t *testing.T) {
			server := startAirflow(t, version)
			login := airflowclient.Login{User: server.Auth.Username, Password: airflowclient.NewSecret(server.Auth.Password)}
			c, err := airflowclient.New(airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
			defer cancel()
			if err := awaitParsed(ctx, c); err != nil {
				t.Fatal(err)
			}
			checkContract(ctx, t, c)
			if version != local.OldestAirflow3 { // the simulation plays the newest of each line
				checkBehaviours(ctx, t, stage{Client: c, folder: server.DAGs})
			}
			if version == local.Airflow2 { // Airflow 3 is started without passwords here: whoever asks is an administrator.
				login.Password, login.Source = airflowclient.NewSecret("wrong"), "the test"
				checkWrongCredentials(t, airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
				checkPermissions(ctx, t, limitedClient(ctx, t, server))
				return
			}
			checkWrongCredentials(t, airflowclient.Config{URL: server.URL, Auth: wrongToken()})
		})
	}
}

// limitedUser makes a user of Airflow 2 with permissions for one DAG, and for one that is not there.
const limitedUser = `
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

with get_application_builder() as builder:
    security = builder.sm
    role = security.add_role("Limited")
    for resource in ("DAG:contract_ok", "DAG:contract_gone", "DAG Runs", "Task Instances", "ImportError", "Website"):
        security.add_permission_to_role(role, security.create_permission("can_read", resource))
    security.add_permission_to_role(role, security.create_permission("can_create", "DAG Runs"))
    security.add_user("limited", "L", "L", "limited@example.invalid", role, "limited")
`

// limitedClient is signed in as that user.
func limitedClient(ctx context.Context, t *testing.T, server *local.Airflow) *airflowclient.Client {
	t.Helper()
	script := exec.CommandContext(ctx, server.Python, "-c", limitedUser)
	script.Env, script.Dir = server.Command(ctx).Env, server.Dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("make a user: %v\n%s", err, out)
	}
	login := airflowclient.Login{User: "limited", Password: airflowclient.NewSecret("limited")}
	c, err := airflowclient.New(airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Details(ctx, "contract_gone"); !airflowclient.IsNotFound(err) {
		t.Errorf("a DAG that may be read and is not there: %v", err)
	}
	return c
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
