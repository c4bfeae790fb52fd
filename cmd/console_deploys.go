package cmd

import (
	"context"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy"
	"chrononctl/tui"
)

// consoleDeploys are the deploys that the console offers.
type consoleDeploys struct{ *deploy.Releases }

// consoleDeploys are nil where the console was not started in a Chronon repository: it works without one.
func (a *app) consoleDeploys(client *airflowclient.Client, readOnly bool) tui.Deploys {
	repo, err := a.repository()
	if err != nil {
		return nil
	}
	return consoleDeploys{a.releases(repo, client, readOnly)}
}

// Targets are the names of the project's targets.
func (d consoleDeploys) Targets() []string { return d.Releases.Targets }

// Propose plans what is asked for.
func (d consoleDeploys) Propose(ctx context.Context, what tui.Deployment) (tui.Proposal, error) {
	var made *deploy.Proposal
	var err error
	if what.Back {
		made, err = d.PlanRollback(ctx, what.Target, what.Release, deploy.Choices{})
	} else {
		made, err = d.Plan(ctx, what.Target, deploy.Choices{})
	}
	if err != nil {
		return nil, err
	}
	return proposal{made}, nil
}

// proposal is a plan of a deploy with the names that the console calls it by.
type proposal struct{ *deploy.Proposal }

// Shown is the plan.
func (p proposal) Shown() *deploy.Plan { return p.Plan }
