package python

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/demo/locks"
)

// segfault is why Airflow 3.3 is kept away from Python 3.11, as measured with 3.11.2 and 3.11.7.
const segfault = "the API server of Airflow 3.3 crashes on it as soon as some hundred runs are listed"

// environment is what a name stands for: an interpreter and the lock files whose packages it gets.
type environment struct {
	name  string
	want  Want
	locks []string
}

// environments lists what the demo and the tests install: of Airflow the newest releases of both lines, and the oldest that are supported.
// Airflow 2.6 knows no Python newer than 3.11, Airflow 2.11 and 3.0 none newer than 3.12.
func environments() []environment {
	return []environment{
		{"airflow-2.6", Want{For: "Airflow 2.6", Minors: []string{"3.10", "3.11"}}, []string{"airflow-2.6"}},
		{"airflow-2.11", Want{For: "Airflow 2.11", Minors: []string{"3.12", "3.11", "3.10"}}, []string{"airflow-2.11"}},
		{"airflow-3.0", Want{For: "Airflow 3.0", Minors: []string{"3.12", "3.10"}}, []string{"airflow-3.0"}},
		{"airflow-3.3", Want{
			For: "Airflow 3.3", Minors: []string{"3.12", "3.13", "3.10"}, Refused: map[string]string{"3.11": segfault},
		}, []string{"airflow-3.3"}},
		{"chronon", Want{For: "Chronon's compiler", Minors: []string{"3.12", "3.11", "3.10", "3.13"}}, []string{"chronon"}},
		// PySpark 3.5 has no word for Python 3.12 and newer.
		{"spark", Want{For: "PySpark 3.5", Minors: []string{"3.11", "3.10"}}, []string{"spark"}},
		{"pytest", Want{For: "the Python tests", Minors: []string{"3.12", "3.11", "3.10", "3.13"}}, []string{"chronon", "pytest"}},
	}
}

// Environments lists the names that [Store.Named] knows.
func Environments() []string {
	var names []string
	for _, e := range environments() {
		names = append(names, e.name)
	}
	return names
}

// lock joins the environment's lock files and those that are wanted besides, which its name then shows.
func (e environment) lock(besides []string) (locks.Lock, error) {
	var parts []locks.Lock
	for _, name := range slices.Concat(e.locks, besides) {
		lock, err := locks.Get(name)
		if err != nil {
			return locks.Lock{}, err
		}
		parts = append(parts, lock)
	}
	return locks.Join(strings.Join(append([]string{e.name}, besides...), "-"), parts...), nil
}

// UnfitError says that an environment has no interpreter: none on the machine fits, and none could be fetched.
type UnfitError struct {
	Name  string // of the environment
	Here  error  // a *[NotFoundError]
	Fetch error  // why uv could not fetch one
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("%v\nand none could be fetched: %v", e.Here, e.Fetch)
}

func (e *UnfitError) Unwrap() []error { return []error{e.Here, e.Fetch} }

// Hint names the next step.
func (e *UnfitError) Hint() string {
	var here *NotFoundError
	if !errors.As(e.Here, &here) {
		return "install Python 3.12"
	}
	if e.Name == "airflow-3.3" {
		return here.Hint() + "; or take Airflow 2.11, which runs on Python 3.11 too"
	}
	return here.Hint()
}

// Named returns the environment of that name with the best interpreter for it: one of this machine, else one that uv fetches. The
// error is an *[UnfitError] when there is neither. besides names lock files whose packages the environment gets too, such as "hive".
func (s *Store) Named(ctx context.Context, name string, besides ...string) (Env, error) {
	all := environments()
	at := slices.IndexFunc(all, func(e environment) bool { return e.name == name })
	if at < 0 {
		return Env{}, fmt.Errorf("no environment %q, there are: %s", name, strings.Join(Environments(), ", "))
	}
	lock, err := all[at].lock(besides)
	if err != nil {
		return Env{}, err
	}
	interpreter, err := s.findOrFetch(ctx, name, all[at].want)
	if err != nil {
		return Env{}, err
	}
	return s.Env(ctx, lock, interpreter)
}

func (s *Store) findOrFetch(ctx context.Context, name string, want Want) (Interpreter, error) {
	found, err := s.Find(ctx, want)
	missing := (*NotFoundError)(nil)
	if !errors.As(err, &missing) {
		return found, err
	}
	s.progress("%v", missing)
	fetched, err := s.Fetch(ctx, want)
	if err != nil && ctx.Err() == nil {
		return Interpreter{}, &UnfitError{Name: name, Here: missing, Fetch: err}
	}
	return fetched, err
}
