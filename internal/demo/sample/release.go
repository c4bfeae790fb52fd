package sample

import (
	"context"
	"fmt"
	"os"

	"chrononctl/internal/config"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// Planned is a release of the sample that is ready to be applied.
type Planned struct {
	Release deploy.Release
	Engine  *deploy.Engine
	Plan    *deploy.Plan
}

// Plan prepares the release of a sample that was written into a folder, beside its project file, and plans it for the folder of one of the file's targets.
// The target of options is set here; open opens that folder, nil: [target.OpenDisk].
func Plan(ctx context.Context, dir, targetName string, open func(folder string) (target.Disk, error), options deploy.Options) (Planned, error) {
	repo := os.DirFS(dir)
	project, err := config.ReadProject(repo)
	if err != nil {
		return Planned{}, err
	}
	release, diagnostics, err := deploy.Prepare(repo, project.Settings)
	if err != nil {
		return Planned{}, err
	}
	if broken := diagnostics.Errors(); len(broken) > 0 {
		return Planned{}, fmt.Errorf("the sample repository is broken: %s: %s", broken[0].File, broken[0].Message)
	}
	place := project.Targets[targetName]
	if options.Target, err = target.NewDir(target.DirOptions{Path: place.Path, Folder: place.Folder, State: place.State, Open: open}); err != nil {
		return Planned{}, err
	}
	engine, err := deploy.New(options)
	if err != nil {
		return Planned{}, err
	}
	plan, err := engine.Plan(ctx, release)
	return Planned{release, engine, plan}, err
}
