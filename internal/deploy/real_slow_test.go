//go:build real

package deploy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/marker"
)

// slow is a DAG whose one task reads its conf, waits until it may go on, and reads it again. What it read and its own text it leaves in a file.
const slow = `from datetime import datetime
from pathlib import Path
import time
try:
    from airflow.sdk import DAG, task
except ImportError:
    from airflow import DAG
    from airflow.decorators import task

CONF = Path(__file__).parent / %[1]q

with DAG("slow", description="Slow [cc:%[2]s]", schedule=None, start_date=datetime(2024, 1, 1), catchup=False, tags=["chronon"], is_paused_upon_creation=True):

    @task
    def work():
        here = Path(%[3]q)
        began = CONF.read_text()
        (here / "began").write_text("")
        while not (here / "go").exists():
            time.sleep(0.1)
        (here / "out").write_text(began + CONF.read_text() + %[4]q)

    work()
`

// withSlow adds the slow DAG, in a version of it, to a release. It reports into a folder.
func withSlow(release deploy.Release, folder, version string) deploy.Release {
	hash, conf := hexSum(version)[:12], "_chronon_rt/confs/"+hexSum(version)[:16]+"/slow"
	bigger := deploy.Release{DAGs: append([]dagspec.DAG{{ID: "slow", Hash: hash, Tasks: []dagspec.Task{{ID: "work"}}}}, release.DAGs...)}
	bigger.Files = append([]dagspec.File{
		{Path: conf, Data: []byte("conf " + version + " ")},
		{Path: "slow.py", Data: fmt.Appendf(nil, slow, conf, hash, folder, "code "+version), DAGs: []string{"slow"}},
	}, release.Files...)
	return bigger
}

// running triggers the slow DAG and waits until its task has begun.
func (r *realSite) running(t *testing.T, folder string) string {
	t.Helper()
	run, err := r.client.Trigger(t.Context(), airflowclient.TriggerRequest{DAGID: "slow", RunID: "by_hand", LogicalDate: time.Now().Add(-time.Minute).UTC().Truncate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the task begins", func() bool {
		_, err := os.Stat(filepath.Join(folder, "began"))
		return err == nil
	})
	return run.ID
}

// ends lets the slow task go on, and says what it used.
func (r *realSite) ends(t *testing.T, folder, run string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, "the run ends", func() bool {
		got, err := r.client.Run(t.Context(), "slow", run)
		return err == nil && (got.State == airflowclient.StateSuccess || got.State == airflowclient.StateFailed)
	})
	out, err := os.ReadFile(filepath.Join(folder, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Minute)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within five minutes", what)
		}
	}
}

// hash is the content hash that Airflow shows of a DAG.
func (r *realSite) hash(t *testing.T, id string) string {
	t.Helper()
	dag, err := r.client.DAG(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return dagspec.ContentHash(dag.Description)
}

// index reads the release's index the way a console does that has no repository.
func (r *realSite) index(t *testing.T) marker.Index {
	t.Helper()
	data, err := r.client.Raw(t.Context(), "GET", "/dags/chronon_release/details", nil)
	var details struct {
		Doc string `json:"doc_md"`
	}
	if err := errors.Join(err, json.Unmarshal(data, &details)); err != nil {
		t.Fatal(err)
	}
	index, err := marker.Decode(details.Doc)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// changed is a release whose first team file has a DAG at another content, as after a change of a conf.
func changed(t *testing.T, release deploy.Release) (deploy.Release, string) {
	t.Helper()
	for i, file := range release.Files {
		if len(file.DAGs) == 0 || file.Path == "slow.py" {
			continue
		}
		for j, dag := range release.DAGs {
			if dag.ID == file.DAGs[0] {
				hash := hexSum("changed " + dag.Hash)[:12]
				other := deploy.Release{Files: append([]dagspec.File{}, release.Files...), DAGs: append([]dagspec.DAG{}, release.DAGs...)}
				other.Files[i].Data = []byte(strings.ReplaceAll(string(file.Data), dag.Hash, hash))
				other.DAGs[j].Hash = hash
				return other, dag.ID
			}
		}
	}
	t.Fatal("the release has no DAG")
	return deploy.Release{}, ""
}
