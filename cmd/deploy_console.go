package cmd

import (
	"context"
	"maps"
	"os"
	"slices"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/place"
	"chrononctl/internal/deploy/target"
)

// releases are the deploys that the console offers: those of the repository's project file, verified with the Airflow that the console shows.
func (a *app) releases(repo repository, airflow deploy.Airflow, readOnly bool) *deploy.Releases {
	return &deploy.Releases{
		Targets: slices.Sorted(maps.Keys(repo.Project.Targets)),
		Open: func(ctx context.Context, name string) (target.Target, error) {
			chosen, err := choosePlace(repo, name)
			if err != nil {
				return nil, err
			}
			return place.Open(ctx, chosen, gitCache())
		},
		Marker: func(name string) string { return markerID(place.Place(repo.Project.Targets[name])) },
		Prepare: func(context.Context) (deploy.Release, dagspec.Diagnostics, error) {
			return deploy.PrepareCached(os.DirFS(repo.Root), repo.Project.Settings, a.dagFileCache())
		},
		Source:   func(ctx context.Context) deploy.Source { return a.source(ctx, repo.Root) },
		Options:  deploy.Options{Airflow: airflow, Generator: "chrononctl " + version, Owner: a.owner(), Now: a.Now},
		ReadOnly: readOnly,
	}
}
