package cmd

import (
	"context"
	"errors"
	"os"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/config"
	"chrononctl/internal/fleet"
	"chrononctl/internal/history"
)

// pictures takes pictures of a fleet.
type pictures interface {
	Observe(ctx context.Context) (fleet.Snapshot, error)
	TeamNames(ctx context.Context) ([]string, error)
}

// remembering is an observer that knows what earlier looks have seen, and keeps what it sees for later ones.
type remembering struct {
	*fleet.Observer
	past  *history.History
	whole bool // it looks at all teams
}

// Observe takes a picture and keeps what it shows.
func (r remembering) Observe(ctx context.Context) (fleet.Snapshot, error) {
	snap, err := r.Observer.Observe(ctx)
	if err == nil && !snap.Partial {
		_ = r.past.Record(snap, r.WriteReading, r.whole) // it is experience: a look without it says less, and no look fails for it
	}
	return snap, err
}

// observer looks at the Airflow of the chosen context: at the teams of the options, or without any at all of them.
func (a *app) observer(ctx context.Context, opts fleet.Options) (remembering, error) {
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return remembering{}, err
	}
	opts.Lifetimes, opts.Definitions = a.lifetimes(), a.definitions
	return a.observerOf(chosen, client, a.past(chosen), opts), nil
}

// past is what earlier looks at a context have seen.
func (a *app) past(chosen config.Context) *history.History {
	return history.Open(history.Options{Dir: a.stateDir(), Context: chosen.Name, URL: chosen.URL, Now: a.Now})
}

// observerOf is an observer of a context with the options that are given, which knows what earlier ones have seen.
func (a *app) observerOf(chosen config.Context, client *airflowclient.Client, past *history.History, opts fleet.Options) remembering {
	opts.Context, opts.URL, opts.Now, opts.Past = chosen.Label(), chosen.URL, a.Now, past.Past()
	if last, ok := past.LastSnapshot(); ok {
		opts.Last = &last // what ended runs had is not read again
	}
	whole := len(opts.Teams) == 0
	if whole {
		opts.Reading = past.Reading()
	}
	return remembering{
		Observer: fleet.NewObserver(client, opts),
		past:     past, whole: whole,
	}
}

// lifetimes are how long rows live in the KV store, as the project file at hand says.
func (a *app) lifetimes() fleet.Lifetimes {
	repo, err := a.repositoryAtHand()
	if err != nil {
		a.warn("how long rows live in the KV store is not known: " + err.Error())
	}
	return fleet.Lifetimes{Stream: repo.Project.Serving.Stream, Batch: repo.Project.Serving.Batch}
}

// definitions say what should run by the repository at hand. Without a repository less is known, which is said where it matters.
func (a *app) definitions() *fleet.Intent {
	found, err := a.repositoryAtHand()
	if err != nil {
		return &fleet.Intent{Problem: "the definitions of the repository are not used: " + err.Error()}
	}
	if found.Root == "" {
		return nil
	}
	repo, _ := dagspec.Load(os.DirFS(found.Root), found.Project.Settings) // what is broken is the matter of validate
	return fleet.IntentOf(dagspec.Build(repo, found.Project.Settings))
}

// repositoryAtHand is the repository that was named, or the one around the working directory, where there need not be any: its root is then empty.
func (a *app) repositoryAtHand() (repository, error) {
	found, err := a.repository()
	if _, none := errors.AsType[noRepoError](err); none && a.repoDir == "" {
		return repository{}, nil
	}
	return found, err
}
