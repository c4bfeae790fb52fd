package airflowclient_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// TestSimulatedBehaviour holds both faces of the simulation to what real Airflows were seen to do, on a folder of its own.
func TestSimulatedBehaviour(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)))
				server := airflowtest.New(airflowtest.Options{Version: a.version, Folder: os.DirFS(folder), Parse: readBehaviour, Refresh: 2 * time.Second})
				login := airflowclient.Login{User: "eve", Password: airflowclient.NewSecret("secret")}
				c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(login)})
				checkBehaviours(t.Context(), t, stage{Client: c, folder: folder})
			})
		})
	}
}
