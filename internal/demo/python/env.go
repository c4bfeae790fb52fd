package python

import (
	"context"
	"fmt"
	"path/filepath"

	"chrononctl/internal/demo/locks"
)

// Env is a virtual environment that holds exactly what its lock file names.
type Env struct {
	Name      string // of the lock file, "airflow-3.3"
	Dir       string // the environment's folder
	Python    string // its interpreter
	Version   string // of the interpreter, "3.12.1"
	Installed bool   // made by this call; false when it was there
}

// Bin is the path of a program of the environment.
func (e Env) Bin(program string) string { return filepath.Join(e.Dir, "bin", program) }

// Env returns the environment of a lock file for an interpreter, and makes it first where needed. Its folder is named by both, so a
// new lock or another interpreter makes a new one and leaves those that are in use alone.
func (s *Store) Env(ctx context.Context, lock locks.Lock, interpreter Interpreter) (Env, error) {
	dir := filepath.Join(s.Dir, "envs", fmt.Sprintf("%s-py%s-%s", lock.Name, interpreter.Version, lock.Digest()))
	env := Env{Name: lock.Name, Dir: dir, Python: filepath.Join(dir, "bin", "python"), Version: interpreter.Version}
	built, err := s.build(ctx, dir, func(ctx context.Context) error { return s.install(ctx, dir, lock, interpreter) })
	if err != nil {
		return Env{}, fmt.Errorf("make the environment %s: %w", lock.Name, err)
	}
	env.Installed = built
	return env, nil
}

func (s *Store) install(ctx context.Context, dir string, lock locks.Lock, interpreter Interpreter) error {
	uv, err := s.uv(ctx)
	if err != nil {
		return err
	}
	environ := s.uvEnviron(ctx)
	what := "the packages of " + lock.Name
	s.progress("installing %s with %s", what, interpreter)
	err = s.run(ctx, what, environ, uv, "venv", "--quiet", "--no-project", "--no-python-downloads", "--python", interpreter.Path, dir)
	if err != nil {
		return err
	}
	requirements, err := writeLock(dir, lock)
	if err != nil {
		return err
	}
	// sync installs the file and nothing else: what the packages say that they need is not looked at.
	return s.run(ctx, what, environ, uv, "pip", "sync", "--no-progress", "--require-hashes", "--python", filepath.Join(dir, "bin", "python"),
		requirements)
}
