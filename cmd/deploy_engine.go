package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/config"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/place"
	"chrononctl/internal/deploy/target"
)

// openEngine finds the repository, and connects its chosen target with the chosen Airflow.
func (a *app) openEngine(ctx context.Context, opts deployOptions) (*deploy.Engine, error) {
	repo, err := a.repository()
	if err != nil {
		return nil, err
	}
	return a.deployEngine(ctx, repo, opts)
}

// openRelease generates what the repository defines before anything is connected: what is wrong with the confs needs no server to be said.
func (a *app) openRelease(ctx context.Context, opts deployOptions) (*deploy.Engine, deploy.Release, error) {
	repo, err := a.repository()
	if err != nil {
		return nil, deploy.Release{}, err
	}
	release, err := a.release(repo, opts)
	if err != nil {
		return nil, deploy.Release{}, err
	}
	engine, err := a.deployEngine(ctx, repo, opts)
	return engine, release, err
}

// deployEngine connects the chosen target with the chosen Airflow.
func (a *app) deployEngine(ctx context.Context, repo repository, opts deployOptions) (*deploy.Engine, error) {
	chosenPlace, err := choosePlace(repo, opts.target)
	if err != nil {
		return nil, err
	}
	opened, err := place.Open(ctx, chosenPlace, gitCache())
	if err != nil {
		return nil, err
	}
	options := opts.engine
	options.Marker = markerID(chosenPlace)
	options.Target, options.Generator = opened, "chrononctl "+version
	options.Owner, options.Now, options.Source = a.owner(), a.Now, a.source(ctx, repo.Root)
	if !opts.engine.NoVerify {
		chosen, client, err := a.airflow(ctx)
		if err != nil {
			return nil, err
		}
		if chosen.ReadOnly && !opts.dryRun {
			return nil, refuse(fmt.Sprintf("context %s is read-only", chosen.Name), "`chrononctl plan` shows the plan; change read_only of the context, or CHRONONCTL_READ_ONLY, to allow a deploy")
		}
		options.Airflow, options.Address = client, client.Address()
	}
	return deploy.New(options)
}

// owner is whom the next deploy is told to ask.
func (a *app) owner() target.Owner {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return target.Owner{Who: cmp.Or(a.Getenv("USER"), a.Getenv("LOGNAME"), "unknown user"), Host: host, PID: os.Getpid()}
}

// targetError says that no target was chosen, or one that does not exist.
type targetError struct {
	name  string
	known []string
}

func (e targetError) Error() string {
	switch {
	case e.name != "":
		return fmt.Sprintf("--target %s: %s has no such target", e.name, config.ProjectFile)
	case len(e.known) == 0:
		return config.ProjectFile + " has no deploy target"
	default:
		return fmt.Sprintf("%s has %d deploy targets", config.ProjectFile, len(e.known))
	}
}

func (e targetError) Hint() string {
	if len(e.known) == 0 {
		return "add one: targets: {prod: {kind: dir, path: /opt/airflow/dags}}"
	}
	return "choose one with --target: " + strings.Join(e.known, ", ")
}

// choosePlace is --target, or the only target of the project. A relative path starts at the repository.
func choosePlace(repo repository, name string) (place.Place, error) {
	known := slices.Sorted(maps.Keys(repo.Project.Targets))
	if name == "" && len(known) == 1 {
		name = known[0]
	}
	found, ok := repo.Project.Targets[name]
	if !ok {
		return place.Place{}, usage(targetError{name: name, known: known})
	}
	chosen := place.Place(found)
	for _, path := range []*string{&chosen.Path, &chosen.State} {
		if chosen.Local() && *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(repo.Root, *path)
		}
	}
	return chosen, nil
}

// gitCache is where git targets keep fetched commits. It may be lost at any time, so that a machine without a cache folder does with a temporary one.
func gitCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "chrononctl", "git")
}

// markerID is the id of the DAG that tells the release of a target. Two folders of one Airflow have two.
func markerID(at place.Place) string {
	if at.Folder == "" || at.Folder == "chronon" {
		return deploy.DefaultMarker
	}
	return deploy.DefaultMarker + "_" + strings.ReplaceAll(at.Folder, "/", "_")
}

// gitTimeout bounds what the state of the repository may cost; without an answer a release does without it.
const gitTimeout = 5 * time.Second

// source asks git what the confs are of. A repository that is not under git, or a machine without it, has no answer.
func (a *app) source(ctx context.Context, root string) deploy.Source {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	git := func(args ...string) (string, error) {
		run := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
		run.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
		out, err := run.Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--verify", "HEAD")
	if err != nil {
		return deploy.Source{}
	}
	changed, err := git("status", "--porcelain", "--", ".")
	return deploy.Source{Commit: commit, Dirty: err != nil || changed != ""}
}

// deployError gives each way in which a deploy ends its exit code. The order matters: an error holds its causes.
func deployError(err error) error {
	for _, end := range []struct {
		is   func(error) bool
		code ExitCode
	}{
		{holds[*deploy.RollbackError], ExitAttention},
		{holds[*deploy.AbandonedError], ExitAttention},
		{holds[*deploy.RolledBackError], ExitRolledBack},
		{holds[*deploy.InterruptedError], ExitInterrupted},
		{holds[*deploy.SupersededError], ExitUnverified},
		{holds[*deploy.UnverifiedError], ExitUnverified},
		{holds[*deploy.PendingError], ExitPending},
		{holds[*deploy.StaleError], ExitStale},
		{holds[*target.LockedError], ExitStale},
		{holds[*target.LostError], ExitStale},
		{holds[*target.NotHeldError], ExitNotFound},
		{holds[*deploy.UnknownReleaseError], ExitNotFound},
		{holds[*deploy.UnknownTeamError], ExitNotFound},
		{holds[*deploy.PlanFileError], ExitUsage},
		{holds[*deploy.RiskError], ExitRefused},
		{holds[*deploy.PurgeError], ExitRefused},
		{holds[*deploy.ForeignError], ExitRefused},
		{holds[*deploy.EmptyError], ExitRefused},
	} {
		if end.is(err) {
			return exit(end.code, err)
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return exit(ExitPermission, err)
	}
	return err
}

func holds[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
