package cmd

import (
	"context"

	"chrononctl/airflowclient"
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
		_ = r.past.Record(snap, r.Reading, r.whole) // it is experience: a look without it says less, and no look fails for it
	}
	return snap, err
}

// observer looks at the Airflow of the chosen context: at the teams of the options, or without any at all of them.
func (a *app) observer(ctx context.Context, opts fleet.Options) (remembering, error) {
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return remembering{}, err
	}
	return a.observerOf(chosen, client, opts), nil
}

// observerOf is an observer of a context with the options that are given, which knows what earlier ones have seen.
func (a *app) observerOf(chosen config.Context, client *airflowclient.Client, opts fleet.Options) remembering {
	past := history.Open(history.Options{Dir: a.stateDir(), Context: chosen.Name, URL: chosen.URL, Now: a.Now})
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
