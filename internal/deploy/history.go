package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/deploy/target"
)

// History is what a target remembers.
type History struct {
	Target     string        `json:"target"`
	Live       string        `json:"live,omitempty"` // release in place; empty: none
	Verified   bool          `json:"verified"`       // it was seen live
	Unfinished *Journal      `json:"unfinished,omitempty"`
	LockedBy   *target.Owner `json:"locked_by,omitempty"`
	Releases   []PastRelease `json:"releases"` // that are kept and can be rolled back to, newest first
	Audit      []AuditEntry  `json:"audit"`    // newest first
}

// PastRelease is a release whose content is kept.
type PastRelease struct {
	ID        string    `json:"id"`
	Outcome   string    `json:"outcome"` // deployed, verified, failed
	Live      bool      `json:"live"`
	Created   time.Time `json:"created"`
	Until     time.Time `json:"until,omitzero"`       // when another release took its place
	Verified  time.Time `json:"verified_at,omitzero"` // when it was seen live last; zero: never, or before what the audit tells
	Who       string    `json:"who"`
	Host      string    `json:"host"`
	Generator string    `json:"generator"`
	Source    Source    `json:"source,omitzero"`
	DAGs      int       `json:"dags"`
	Files     int       `json:"files"`
}

// History reads what a target remembers. With an [AuditError] it holds everything else, and the lines of the audit before the fault.
func (e *Engine) History(ctx context.Context) (*History, error) {
	was, err := remember(ctx, e.opts.Target)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", e.opts.Target, err)
	}
	holder, err := e.opts.Target.Holder(ctx)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", e.opts.Target, err)
	}
	history := &History{
		Target: e.opts.Target.String(), Live: was.ledger.Live, Verified: was.ledger.Verified, Unfinished: was.ledger.Journal,
		Releases: []PastRelease{}, Audit: []AuditEntry{},
	}
	if holder != (target.Owner{}) {
		history.LockedBy = &holder
	}
	for _, past := range was.ledger.History {
		manifest := was.manifests[past.ID]
		history.Releases = append(history.Releases, PastRelease{
			ID: past.ID, Outcome: string(past.Outcome), Live: past.ID == was.ledger.Live, Created: manifest.Created, Until: past.Until,
			Who: manifest.By.Who, Host: manifest.By.Host, Generator: manifest.Generator, Source: manifest.Source,
			DAGs: len(manifest.DAGs), Files: len(manifest.Files),
		})
	}
	entries, err := readAudit(ctx, e.opts.Target.State(), was.ledger.Audit)
	slices.Reverse(entries)
	history.Audit = append(history.Audit, entries...)
	for i := range history.Releases {
		history.Releases[i].Verified = verifiedAt(history.Audit, history.Releases[i].ID)
	}
	if err != nil {
		return history, fmt.Errorf("history of %s: %w", e.opts.Target, err)
	}
	return history, nil
}

// verifiedAt is when a release was seen live last, by an audit with the newest line first.
func verifiedAt(audit []AuditEntry, release string) time.Time {
	for _, entry := range audit {
		if entry.Result == ResultVerified && entry.Live == release {
			return entry.Time
		}
	}
	return time.Time{}
}

// UnknownReleaseError says that a release is not kept, or was never there.
type UnknownReleaseError struct {
	ID    string // empty: the one before the live one
	Known []string
}

func (e *UnknownReleaseError) Error() string {
	if e.ID == "" {
		return "there is no earlier release to go back to"
	}
	return fmt.Sprintf("release %s is not kept", e.ID)
}

// Hint says what to do about it.
func (e *UnknownReleaseError) Hint() string {
	if len(e.Known) == 0 {
		return "nothing was deployed here yet"
	}
	return "kept are: " + strings.Join(e.Known, ", ")
}

// PlanRollback makes a plan that puts a release back that is kept. Without an id that is the newest verified one before the live one.
func (e *Engine) PlanRollback(ctx context.Context, id string) (*Plan, error) {
	plan, err := e.planRollback(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("roll back %s: %w", e.opts.Target, err)
	}
	return plan, nil
}

func (e *Engine) planRollback(ctx context.Context, id string) (*Plan, error) {
	was, err := remember(ctx, e.opts.Target)
	if err != nil {
		return nil, err
	}
	goal, ok := was.manifests[id]
	if id == "" {
		goal, ok = was.goal(was.ledger.Live)
	}
	if !ok || goal.ID == "" {
		unknown := &UnknownReleaseError{ID: id}
		for _, past := range was.ledger.History {
			unknown.Known = append(unknown.Known, past.ID)
		}
		return nil, unknown
	}
	goal = goal.clone()
	wanted := blobs(e.opts.Target.State(), goal)
	defs, err := readDefinitions(ctx, goal.dagFiles(), wanted)
	if err != nil {
		return nil, err
	}
	return e.compare(ctx, OperationRollback, wanted, was, nil, defs)
}

// Unlock takes the lock away from the holder with an id, and writes that down.
func (e *Engine) Unlock(ctx context.Context, id string) error {
	if err := e.opts.Target.Break(ctx, id); err != nil {
		return err
	}
	owner := e.opts.Owner
	owner.Since, owner.Operation = e.opts.Now().UTC(), "unlock"
	session, err := e.opts.Target.Lock(ctx, owner)
	if _, next := errors.AsType[*target.LockedError](err); next {
		return nil // somebody waited for it: their deploy is under way
	}
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	was, err := remember(ctx, e.opts.Target)
	if err != nil {
		return err
	}
	err = was.appendAudit(ctx, e.opts.Target, session.State(), AuditEntry{
		Time: e.opts.Now().UTC().Truncate(time.Second), Who: owner.Who, Host: owner.Host, Operation: "unlock",
		From: was.ledger.Live, Live: was.ledger.Live, Result: ResultDone,
	})
	if err == nil && was.version != target.Absent {
		err = was.save(ctx, e.opts.Target, session.State())
	}
	if err == nil {
		err = session.Publish(ctx, "Unlock "+id)
	}
	if err != nil {
		return fmt.Errorf("the lock is broken, but that could not be written down: %w", err)
	}
	return nil
}
