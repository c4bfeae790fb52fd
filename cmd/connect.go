package cmd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/config"
	"chrononctl/internal/fleet"
)

// repository is the Chronon repository that a command works on.
type repository struct {
	Root    string // absolute path
	Project config.Project
}

// repository finds the Chronon repository and reads its project file.
func (a *app) repository() (repository, error) {
	root, err := a.findRepo()
	if err != nil {
		return repository{}, err
	}
	project, err := config.ReadProject(os.DirFS(root))
	if err != nil {
		return repository{}, err
	}
	return repository{Root: root, Project: project}, nil
}

// noRepoError says that there is no teams.json where one was expected.
type noRepoError struct{ dir, flag string }

func (e noRepoError) Error() string {
	if e.flag != "" {
		return fmt.Sprintf("--repo %s: there is no teams.json in %s", e.flag, e.dir)
	}
	return fmt.Sprintf("there is no teams.json in %s or above it", e.dir)
}

func (noRepoError) Hint() string {
	return "give the root of the Chronon repository with --repo DIR: the folder that holds teams.json and production/"
}

// path is a path of the command line, which is relative to the working directory.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.Dir, name)
}

// findRepo is --repo, or the nearest parent folder with teams.json.
func (a *app) findRepo() (string, error) {
	if a.repoDir != "" {
		dir := a.path(a.repoDir)
		if !isFile(filepath.Join(dir, "teams.json")) {
			return "", noRepoError{dir: dir, flag: a.repoDir}
		}
		return dir, nil
	}
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		if isFile(filepath.Join(dir, "teams.json")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", noRepoError{dir: a.Dir}
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// contextError says that the context which was asked for does not exist.
type contextError struct {
	name, file string
	known      []string
}

func (e contextError) Error() string {
	return fmt.Sprintf("there is no context %q in %s", e.name, e.file)
}

func (e contextError) Hint() string {
	if len(e.known) == 0 {
		return "the file names no context; write one there, or set CHRONONCTL_URL instead of naming a context"
	}
	return "contexts there: " + strings.Join(e.known, ", ")
}

// passwordSource and tokenSource say in messages where a secret came from. The secret itself is never said.
func passwordSource(c config.Context) string {
	return secretSource(c, c.PasswordEnv, c.PasswordCommand, c.PasswordFile)
}

func tokenSource(c config.Context) string {
	return secretSource(c, c.TokenEnv, c.TokenCommand, c.TokenFile)
}

func secretSource(c config.Context, env string, command []string, file string) string {
	from := "context " + c.Name + " of " + c.Source
	switch {
	case c.Source == "CHRONONCTL_URL" && env != "":
		return env // the environment is the context
	case env != "":
		return env + ", named by " + from
	case len(command) > 0:
		return "the command " + command[0] + ", named by " + from
	case file != "":
		return file + ", named by " + from
	case c.Source == "CHRONONCTL_URL":
		return "nowhere: CHRONONCTL_PASSWORD is not set"
	default:
		return "nowhere: " + from + " names no password"
	}
}

// chosenContext is the context that was chosen, by flag, environment or file.
func (a *app) chosenContext() (config.Context, error) {
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return config.Context{}, err
	}
	if name := cmp.Or(a.contextName, a.Getenv("CHRONONCTL_CONTEXT")); name != "" {
		if _, known := all.ByName[name]; !known {
			return config.Context{}, usage(contextError{name, config.ContextsFile(a.Getenv), slices.Sorted(maps.Keys(all.ByName))})
		}
	}
	return all.Choose(a.contextName, a.Getenv)
}

// airflow is the context that was chosen, with a client for it. Nothing has been asked of the server yet.
func (a *app) airflow(ctx context.Context) (config.Context, *airflowclient.Client, error) {
	chosen, err := a.chosenContext()
	if err != nil {
		return config.Context{}, nil, err
	}
	client, err := a.client(ctx, &chosen)
	if err != nil {
		return config.Context{}, nil, fmt.Errorf("context %s: %w", chosen.Name, err)
	}
	a.server = client
	return chosen, client, nil
}

// serverNow is the present by the clock of the Airflow that the command talks to, once that has answered: it dates what is shown.
func (a *app) serverNow() time.Time {
	now := a.Now()
	if a.server == nil {
		return now
	}
	return now.Add(fleet.Skew(a.server, now))
}
