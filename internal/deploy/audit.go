package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"chrononctl/internal/deploy/target"
)

// auditFile holds one line of JSON for each operation that changed something, or began to. Lines are only ever added.
const auditFile = "audit.jsonl"

// Source says what a release was made from.
type Source struct {
	Commit string `json:"commit,omitempty"` // of the Chronon repository; empty: not known
	Dirty  bool   `json:"dirty,omitempty"`  // the repository had changes that were not committed
}

// AuditEntry is one line of the audit. Each holds the hash of the one before, so no line can be changed, removed or put in between without being noticed;
// the ledger holds the hash of the last.
type AuditEntry struct {
	Seq       int       `json:"seq"` // from 1
	Time      time.Time `json:"time"`
	Who       string    `json:"who"`
	Host      string    `json:"host"`
	Operation string    `json:"operation"` // deploy, rollback, unlock
	Source    Source    `json:"source,omitzero"`
	Release   string    `json:"release,omitempty"` // that was to be live
	From      string    `json:"from,omitempty"`    // that was live before
	Live      string    `json:"live,omitempty"`    // that is live since
	Created   int       `json:"created"`           // DAGs
	Updated   int       `json:"updated"`           // DAGs
	Removed   int       `json:"removed"`           // DAGs
	Allowed   []Risk    `json:"allowed,omitempty"` // the risks that were taken
	Result    string    `json:"result"`
	Error     string    `json:"error,omitempty"` // its first line
	Previous  string    `json:"previous"`        // hash of the line before; empty for the first
	Hash      string    `json:"hash"`            // SHA-256 over the line without this field
}

// The results of an operation.
const (
	ResultVerified    = "verified"
	ResultUnverified  = "unverified"
	ResultRolledBack  = "rolled_back"
	ResultIncomplete  = "rollback_incomplete"
	ResultPending     = "pending"
	ResultSuperseded  = "superseded"
	ResultFailed      = "failed"
	ResultInterrupted = "interrupted"
	ResultDone        = "done"
)

// auditEnd is where the audit ends.
type auditEnd struct {
	Seq  int    `json:"seq"`
	Hash string `json:"hash"`
}

// AuditError says that the audit is not what was written.
type AuditError struct {
	Line   int // from 1; 0: the file as a whole
	Reason string
}

func (e *AuditError) Error() string {
	if e.Line == 0 {
		return "the audit was tampered with: " + e.Reason
	}
	return fmt.Sprintf("the audit was tampered with: line %d: %s", e.Line, e.Reason)
}

// Hint says what to do about it.
func (e *AuditError) Hint() string {
	return "compare " + auditFile + " in the state of the target with a backup; deploys go on"
}

// seal computes the hash of an entry.
func (e *AuditEntry) seal() (string, error) {
	open := *e
	open.Hash = ""
	data, err := json.Marshal(open)
	return sum(data), err
}

// readAudit reads the audit and checks its chain. The entries come oldest first; with an [AuditError] those before the fault.
func readAudit(ctx context.Context, state target.Reader, end auditEnd) ([]AuditEntry, error) {
	data, _, err := state.Read(ctx, auditFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", auditFile, err)
	}
	var entries []AuditEntry
	previous := ""
	for line := range bytes.Lines(data) {
		var entry AuditEntry
		if err := json.Unmarshal(line, &entry); err != nil {
			return entries, &AuditError{Line: len(entries) + 1, Reason: "it is not JSON"}
		}
		hash, err := entry.seal()
		switch {
		case err != nil:
			return entries, err
		case hash != entry.Hash:
			return entries, &AuditError{Line: len(entries) + 1, Reason: "its content does not fit its hash"}
		case entry.Previous != previous || entry.Seq != len(entries)+1:
			return entries, &AuditError{Line: len(entries) + 1, Reason: "it does not follow the line before"}
		case entry.Seq == end.Seq && hash != end.Hash:
			return entries, &AuditError{Line: len(entries) + 1, Reason: "it is not the line that the ledger knows"}
		}
		previous = hash
		entries = append(entries, entry)
	}
	if len(entries) < end.Seq {
		return entries, &AuditError{Reason: fmt.Sprintf("it has %d lines and should have %d", len(entries), end.Seq)}
	}
	return entries, nil
}

// appendAudit adds an entry. A fault in what is there already is no reason not to write down what happens now: it stays visible to every reader.
func (m *memory) appendAudit(ctx context.Context, from target.Target, state target.Writer, entry AuditEntry) error {
	data, version, err := from.State().Read(ctx, auditFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", auditFile, err)
	}
	last := auditEnd{}
	for line := range bytes.Lines(data) {
		var each AuditEntry
		if json.Unmarshal(line, &each) == nil {
			last = auditEnd{Seq: each.Seq, Hash: each.Hash}
		}
	}
	entry.Seq, entry.Previous = last.Seq+1, last.Hash
	if entry.Hash, err = entry.seal(); err != nil {
		return err
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	data = append(append(data, line...), '\n')
	if _, err = state.Write(ctx, auditFile, data, version); err == nil {
		m.ledger.Audit = auditEnd{Seq: entry.Seq, Hash: entry.Hash}
	}
	return err
}

// conclude writes down how an operation ended, and returns its error. What could not be begun has no line, and neither has what may not write any more:
// the next operation reports it.
func (d *deployment) conclude(ctx context.Context, err error) error {
	_, abandoned := errors.AsType[*AbandonedError](err)
	_, lost := errors.AsType[*target.LostError](err)
	if !d.begun || ctx.Err() != nil || abandoned || lost {
		return err
	}
	result := resultOf(err)
	if result == ResultIncomplete || result == ResultPending || result == ResultFailed {
		d.memory.ledger.Journal.Ended = result // the next deploy goes on from it
	} else {
		d.memory.ledger.Journal = nil
	}
	if (result == ResultVerified || result == ResultUnverified) && !d.opts.NoVerify {
		d.memory.ledger.Pauses = d.pausesAfter()
	}
	entry := d.entry(d.plan.operation, result)
	if unseen, ok := errors.AsType[*UnverifiedError](err); err != nil && (!ok || unseen.Cause != nil) {
		entry.Error, _, _ = strings.Cut(err.Error(), "\n")
	}
	auditErr := d.memory.appendAudit(ctx, d.opts.Target, d.session.State(), entry)
	if auditErr == nil {
		auditErr = d.memory.save(ctx, d.opts.Target, d.session.State())
	}
	if auditErr == nil {
		auditErr = d.session.Publish(ctx, fmt.Sprintf("End %s of %s: %s", d.plan.operation, d.manifest.ID, result))
	}
	if auditErr != nil && err == nil {
		return &PendingError{Release: d.manifest.ID, What: "its end could not be written down", Cause: auditErr}
	}
	return err
}

// entry is the line of this operation.
func (d *deployment) entry(operation Operation, result string) AuditEntry {
	owner := d.session.Owner()
	return AuditEntry{
		Time: d.opts.Now().UTC().Truncate(time.Second), Who: owner.Who, Host: owner.Host, Operation: string(operation), Source: d.opts.Source,
		Release: d.manifest.ID, From: d.plan.Base, Live: d.memory.ledger.Live,
		Created: d.plan.Count(Create), Updated: d.plan.Count(Update), Removed: d.plan.Count(Remove),
		Allowed: d.plan.taken(), Result: result,
	}
}

// reportUnfinished adds the line of an operation that died before it could.
func (d *deployment) reportUnfinished(ctx context.Context) error {
	left := d.memory.ledger.Journal
	if left == nil || left.Ended != "" {
		return nil
	}
	return d.memory.appendAudit(ctx, d.opts.Target, d.session.State(), AuditEntry{
		Time: d.opts.Now().UTC().Truncate(time.Second), Who: left.By.Who, Host: left.By.Host, Operation: left.Operation,
		Release: left.Release, From: left.From, Live: d.memory.ledger.Live, Result: ResultInterrupted, Error: "stopped during " + string(left.Step),
	})
}

func resultOf(err error) string {
	for _, end := range []struct {
		is     func(error) bool
		result string
	}{
		{is[*RollbackError], ResultIncomplete},
		{is[*RolledBackError], ResultRolledBack},
		{is[*SupersededError], ResultSuperseded},
		{is[*UnverifiedError], ResultUnverified},
		{is[*PendingError], ResultPending},
	} {
		if end.is(err) {
			return end.result
		}
	}
	if err != nil {
		return ResultFailed
	}
	return ResultVerified
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
