package airflowclient_test

import (
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// contractVersions are the Airflows of the contract: those that contract_real_test.go starts.
var contractVersions = []string{"2.6.3", "2.11.2", "3.0.6", "3.3.2"}

// TestSimulatedContract holds both faces of the simulation to what real Airflows were held to.
func TestSimulatedContract(t *testing.T) {
	t.Parallel()
	for _, version := range contractVersions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
				server := airflowtest.New(airflowtest.Options{Version: version, User: "eve", Password: "secret"})
				server.Put(contractFiles()...)
				server.ParseAll()
				login := airflowclient.Login{User: "eve", Password: airflowclient.NewSecret("secret")}
				checkContract(t.Context(), t, newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(login)}))
				login.Password, login.Source = airflowclient.NewSecret("wrong"), "the test"
				for _, auth := range []airflowclient.Authenticator{airflowclient.Auto(login), wrongToken()} {
					checkWrongCredentials(t, airflowclient.Config{URL: "http://localhost:8080", Transport: server.Transport(), Auth: auth})
				}
				login.Password = airflowclient.NewSecret("secret")
				server.Forbid("contract_idle", "contract_mapped", "contract_days")
				checkPermissions(t.Context(), t, newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(login)}))
			})
		})
	}
}
