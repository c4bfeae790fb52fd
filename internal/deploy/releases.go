package deploy

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy/target"
)

// Releases are the deploys of one project to each of its targets, for a caller that offers the choice among them, as the console does. It is safe for
// concurrent use, and asks nothing of anyone before a method is called.
type Releases struct {
	// Targets are the names of the project's targets, in the order in which they are offered.
	Targets []string
	// Open describes the target of a name, and Marker is the id of the DAG that tells its release.
	Open   func(ctx context.Context, name string) (target.Target, error)
	Marker func(name string) string
	// Prepare makes the release that the confs ask for now, as [Prepare] does.
	Prepare func(ctx context.Context) (Release, dagspec.Diagnostics, error)
	// Source says what the confs are from; nil: not known.
	Source func(ctx context.Context) Source
	// Options hold for every target. Target, Marker and Source are filled in.
	Options Options
	// ReadOnly refuses to apply.
	ReadOnly bool
}

// Choices are what a person may decide about a plan.
type Choices struct {
	Only      []string   // teams; empty: all
	Allow     []RiskName // the risks to take
	Adopt     bool       // take over files that no deploy placed
	KeepGoing bool       // leave out confs with errors
}

// Standing is what runs at one target, as its state tells it. Airflow is not asked.
type Standing struct {
	Target     string        // its name
	Where      string        // what it is: "dir /opt/airflow/dags/chronon"
	Live       *PastRelease  // nil: no release
	LockedBy   *target.Owner // nil: nobody is deploying
	Unfinished *Journal      // nil: the last operation came to its end
}

// Proposal is a plan with the engine that made it.
type Proposal struct {
	*Plan

	Diagnostics dagspec.Diagnostics // what was found in the confs on the way
	engine      *Engine
	readOnly    bool
}

// ConfError says that confs have errors which stop a deploy. Nothing was asked of anyone.
type ConfError struct {
	Errors dagspec.Diagnostics
	Shared bool // some concern more than one conf, so that none can be left out for them
}

func (e *ConfError) Error() string {
	lines := []string{count(len(e.Errors), "error") + " in the confs"}
	for i, diagnostic := range e.Errors {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Errors)-shown))
			break
		}
		lines = append(lines, diagnostic.String())
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do about it.
func (e *ConfError) Hint() string {
	if e.Shared {
		return "mend what is named above; where more than one conf is concerned, none can be left out"
	}
	return "mend the confs, or leave them out"
}

// ReadOnlyError says that plans may be made here, and not applied.
type ReadOnlyError struct{}

func (e *ReadOnlyError) Error() string { return "read-only: nothing is deployed from here" }

// Standing reads what runs at a target.
func (r *Releases) Standing(ctx context.Context, name string) (Standing, error) {
	history, err := r.History(ctx, name)
	if history == nil || err != nil && !is[*AuditError](err) {
		return Standing{Target: name}, err
	}
	standing := Standing{Target: name, Where: history.Target, LockedBy: history.LockedBy, Unfinished: history.Unfinished}
	if at := slices.IndexFunc(history.Releases, func(p PastRelease) bool { return p.Live }); at >= 0 {
		standing.Live = &history.Releases[at]
	}
	return standing, nil
}

// History is [Engine.History] of a target.
func (r *Releases) History(ctx context.Context, name string) (*History, error) {
	engine, err := r.engine(ctx, name, Choices{}, true)
	if err != nil {
		return nil, err
	}
	return engine.History(ctx)
}

// Plan makes the release that the confs ask for and compares it with a target.
func (r *Releases) Plan(ctx context.Context, name string, choices Choices) (*Proposal, error) {
	release, diagnostics, err := r.prepare(ctx, choices)
	if err != nil {
		return nil, err
	}
	engine, err := r.engine(ctx, name, choices, false)
	if err != nil {
		return nil, err
	}
	plan, err := engine.Plan(ctx, release)
	if err != nil {
		return nil, err
	}
	return &Proposal{Plan: plan, Diagnostics: diagnostics, engine: engine, readOnly: r.ReadOnly}, nil
}

// PlanRollback is [Engine.PlanRollback] of a target; without an id it goes to the newest verified release before the live one.
func (r *Releases) PlanRollback(ctx context.Context, name, id string, choices Choices) (*Proposal, error) {
	engine, err := r.engine(ctx, name, choices, false)
	if err != nil {
		return nil, err
	}
	plan, err := engine.PlanRollback(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Proposal{Plan: plan, engine: engine, readOnly: r.ReadOnly}, nil
}

// Drift is [Engine.Drift] of a target against the confs as they are now.
func (r *Releases) Drift(ctx context.Context, name string) (*Drift, error) {
	release, _, err := r.prepare(ctx, Choices{})
	if err != nil {
		return nil, err
	}
	engine, err := r.engine(ctx, name, Choices{}, false)
	if err != nil {
		return nil, err
	}
	return engine.Drift(ctx, release)
}

// Allow takes risks that the plan names. What is applied stays what was shown.
func (p *Proposal) Allow(names ...RiskName) {
	for i := range p.Risks {
		if risk := &p.Risks[i]; slices.Contains(names, risk.Name) {
			risk.Allowed = true
		}
	}
}

// Apply carries the plan out, as [Engine.Apply] does. The result is never nil.
func (p *Proposal) Apply(ctx context.Context, progress Progress) (*Result, error) {
	if p.readOnly {
		return &Result{Target: p.Target, Release: p.Base}, &ReadOnlyError{}
	}
	return p.engine.Apply(ctx, p.Plan, progress)
}

// prepare makes a release of the confs, and refuses one that would lack what has errors.
func (r *Releases) prepare(ctx context.Context, choices Choices) (Release, dagspec.Diagnostics, error) {
	release, diagnostics, err := r.Prepare(ctx)
	if err != nil {
		return Release{}, nil, err
	}
	stopping := diagnostics.Errors()
	shared := slices.DeleteFunc(slices.Clone(stopping), func(d dagspec.Diagnostic) bool {
		return slices.ContainsFunc(release.LeftOut, func(left dagspec.LeftOut) bool { return left.File == d.File })
	})
	if choices.KeepGoing {
		stopping = shared
	}
	if len(stopping) > 0 {
		return Release{}, diagnostics, &ConfError{Errors: stopping, Shared: len(shared) > 0}
	}
	return release, diagnostics, nil
}

// engine is a new one for a target. Who only reads the state needs no Airflow.
func (r *Releases) engine(ctx context.Context, name string, choices Choices, stateOnly bool) (*Engine, error) {
	if !slices.Contains(r.Targets, name) {
		return nil, fmt.Errorf("target %s: %w", name, fs.ErrNotExist)
	}
	opened, err := r.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", name, err)
	}
	options := r.Options
	options.Target, options.NoVerify = opened, options.NoVerify || stateOnly
	options.Only, options.Allow, options.Adopt = choices.Only, choices.Allow, choices.Adopt
	if r.Marker != nil {
		options.Marker = r.Marker(name)
	}
	if r.Source != nil && !stateOnly {
		options.Source = r.Source(ctx)
	}
	return New(options)
}
