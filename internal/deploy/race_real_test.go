//go:build real

package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/place"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/servertest"
	"chrononctl/internal/deploy/target/sftp"
)

// ground is a place to deploy to: a handle on it as one more process would have, and what Airflow sees of it; nil: what the target hands out.
type ground struct {
	open func(t *testing.T) target.Target
	sees visible
}

// Sixteen whole deploys of different releases at the same moment, each of a process of its own as far as the target can tell, to real servers.
func TestRealOneOfSixteenDeploysWins(t *testing.T) {
	s3 := servertest.StartS3(t)
	signIn(t, s3)
	for kind, prepare := range map[string]func(t *testing.T) ground{
		"git":  gitGround,
		"gcs":  gcsGround,
		"sftp": sftpGround,
		"s3": func(t *testing.T) ground {
			t.Helper()
			s3.Bucket(t, "race")
			return placed(place.Place{Kind: "s3", Bucket: "race", Path: "dags", Folder: "chronon", Endpoint: s3.URL})
		},
		"command": commandGround,
	} {
		t.Run(kind, func(t *testing.T) { sixteen(t, prepare(t)) })
	}
}

func placed(at place.Place) ground {
	return ground{open: func(t *testing.T) target.Target {
		t.Helper()
		opened, err := place.Open(t.Context(), at, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}}
}

func gitGround(t *testing.T) ground {
	t.Helper()
	url := servertest.StartGit(t).Repository(t, "dags.git")
	return placed(place.Place{Kind: "git", URL: url, Branch: "main", Path: "dags", Folder: "chronon"})
}

func gcsGround(t *testing.T) ground {
	t.Helper()
	server := servertest.StartGCS(t)
	server.Bucket(t, "race")
	return placed(place.Place{Kind: "gcs", Bucket: "race", Path: "dags", Folder: "chronon", Endpoint: server.URL})
}

func sftpGround(t *testing.T) ground {
	t.Helper()
	server := servertest.StartSSH(t)
	folder := filepath.Join(server.Folder(t), "dags")
	server.MakeFolder(t, folder)
	return ground{open: func(t *testing.T) target.Target {
		t.Helper()
		driver, err := sftp.New(sftp.Options{Host: "server", Config: server.Config, Path: folder})
		if err != nil {
			t.Fatal(err)
		}
		return driver
	}, sees: seen(t, folder)}
}

// commandGround has a tool that makes what Airflow reads a copy of what it gets.
func commandGround(t *testing.T) ground {
	t.Helper()
	folder, state := t.TempDir(), t.TempDir()
	g := placed(place.Place{Kind: "command", State: state, Argv: []string{"sh", "-c", `rm -rf "$2"/* && cp -r "$1/." "$2"`, "sh", "{folder}", folder}})
	g.sees = seen(t, folder)
	return g
}

func seen(t *testing.T, folder string) visible {
	t.Helper()
	disk, err := target.OpenDisk(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	return onDisk{disk}
}

// contender is one of the sixteen.
type contender struct {
	engine  *deploy.Engine
	plan    *deploy.Plan
	release deploy.Release
	result  *deploy.Result
	err     error
}

func sixteen(t *testing.T, g ground) {
	t.Helper()
	began := time.Now()
	if g.sees == nil {
		g.sees = atTarget{g.open(t), t.Context()}
	}
	airflow := newFakeAirflow(g.sees)
	airflow.refresh, airflow.parse = 0, 0
	engine := func() *deploy.Engine {
		made, err := deploy.New(deploy.Options{Target: g.open(t), Airflow: airflow, Generator: "test", Owner: target.Owner{Who: "ada", Host: "here", PID: os.Getpid()}})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := contender{engine: engine(), release: releaseA}
	first.plans(t)
	if first.applies(t); first.err != nil {
		t.Fatal(first.err)
	}
	all := make([]*contender, 16)
	var group sync.WaitGroup
	for i := range all {
		text := fmt.Sprintf("of %d", i)
		all[i] = &contender{engine: engine(), release: release(dag{id: "a", text: "a " + text}, dag{id: "b", text: "b " + text}, dag{id: "new", text: "n " + text})}
		group.Go(func() { all[i].plans(t) })
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for _, c := range all {
		group.Go(func() { c.applies(t) })
	}
	group.Wait()
	judge(t, g, all)
	t.Logf("took %v", time.Since(began).Round(time.Millisecond))
}

func (c *contender) plans(t *testing.T) {
	t.Helper()
	var err error
	if c.plan, err = c.engine.Plan(t.Context(), c.release); err != nil {
		t.Error(err)
	}
}

func (c *contender) applies(t *testing.T) {
	t.Helper()
	c.result, c.err = c.engine.Apply(t.Context(), c.plan, nil)
}

// judge checks that one won, and that nothing is there of any other.
func judge(t *testing.T, g ground, all []*contender) {
	t.Helper()
	var winner *contender
	for _, c := range all {
		switch {
		case c.err == nil && winner != nil:
			t.Error("two deploys won")
		case c.err == nil:
			winner = c
		case !is[*target.LockedError](c.err) && !is[*deploy.StaleError](c.err):
			t.Errorf("a deploy that lost: %v", c.err)
		case c.result.Changed || len(c.result.Activated) > 0:
			t.Errorf("a deploy that lost wrote %d files", c.result.Written)
		}
	}
	if winner == nil {
		t.Fatal("nobody won")
	}
	for _, file := range winner.release.Files {
		if got := g.sees.read(file.Path); got != string(file.Data) {
			t.Errorf("%s holds %q", file.Path, got)
		}
	}
	history, err := winner.engine.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if history.Live != winner.result.Release || !history.Verified || history.LockedBy != nil || history.Unfinished != nil || len(history.Audit) != 2 {
		t.Errorf("the history is not that of one winner: %+v", history)
	}
	if drift, err := winner.engine.Drift(t.Context(), winner.release); err != nil || drift.Any() {
		t.Errorf("drift: %v, %v", drift, err)
	}
}
