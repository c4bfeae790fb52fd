package tui

import (
	"context"

	"chrononctl/internal/deploy"
)

// Deploys are the releases of one project: what runs at its targets, what a deploy would change there, and the deploy itself.
type Deploys interface {
	// Targets are the names of the targets, in the order in which they are shown.
	Targets() []string
	// Standing tells what runs at a target. Airflow is not asked.
	Standing(ctx context.Context, target string) (deploy.Standing, error)
	// History tells what was deployed to a target, and by whom. It may come with an error about its audit.
	History(ctx context.Context, target string) (*deploy.History, error)
	// Drift compares confs, release, files and Airflow.
	Drift(ctx context.Context, target string) (*deploy.Drift, error)
	// Propose plans what is asked for. It changes nothing.
	Propose(ctx context.Context, what Deployment) (Proposal, error)
}

// Deployment is what is to run at a target: what the confs ask for, or a release that is kept.
type Deployment struct {
	Target  string
	Back    bool   // to an earlier release, instead of to what the confs ask for
	Release string // of Back; empty: the newest verified one before the live one
}

// Proposal is the plan of a deployment, which can be carried out.
type Proposal interface {
	// Shown is the plan.
	Shown() *deploy.Plan
	// Allow takes the risks of these names.
	Allow(names ...deploy.RiskName)
	// Apply carries the plan out and tells each step. The result is never nil. A context that ends stops it where it is.
	Apply(ctx context.Context, progress deploy.Progress) (*deploy.Result, error)
}
