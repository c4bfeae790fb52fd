// Package deploy puts a release of DAG files where Airflow reads them, and does not call it done before Airflow was seen to
// show every DAG at exactly this content.
//
// # A release
//
// A release is a set of files and the DAGs that they define. Its [Manifest] records both by hash. The hash of a DAG
// covers all that its tasks will use, and the DAG's description ends in it, so it can be read back over Airflow's REST API: that
// is what verification compares. Confs and runtimes lie under names that hold their hash. They are placed before the DAG files that
// name them, and stay after them, so a task that runs keeps what it began with.
//
// # The way of a deploy
//
//	plan ── nothing to do ──► verify what is there, write nothing
//	  │
//	lock → recheck → stage → canary → upload → commit → nudge → verify → activate → prune → audit
//	                            └────── on failure: the last verified release goes back, and is verified ──┘
//
// [Engine.Plan] compares the release with the target and with Airflow, names the risks, and changes nothing. [Engine.Apply] carries a plan out, or
// refuses it when the target has moved since. It ends in one of few ways, each a type: nil, [ForeignError], [RiskError], [StaleError],
// [target.LockedError], [VerifyError], [RolledBackError], [RollbackError], [UnverifiedError], [SupersededError], [PendingError],
// [AbandonedError], [InterruptedError].
//
// [Engine.PlanRollback] plans the same for a release that is kept, [Engine.Drift] compares what should be with what is, [Engine.History] tells what was.
//
// # What a crash leaves
//
// Every write replaces one file as a whole. Before the first visible one, the manifest, the content of all its files and the
// intention are in the target's state, and each step is written down before it is taken ([Journal]). So whatever moment a deploy dies in, every file that Airflow sees is whole and has what it
// names, the next deploy knows which files are ours, and it goes on from there.
//
// # Ownership
//
// A file is ours when its content is one that a release put there. Anything else is foreign, a file of ours that someone
// edited included: it is named, and nothing is deployed, unless the caller adopts it. What is adopted is kept, and a rollback restores it.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
	"chrononctl/internal/deploy/target"
)

// DefaultTimeout is how long verification waits. With default settings Airflow finds a new file within five minutes.
const DefaultTimeout = 10 * time.Minute

// DefaultDrain is how long the removal of a DAG waits for its running tasks.
const DefaultDrain = 10 * time.Minute

// defaultKeep is the number of releases whose contents are kept.
const defaultKeep = 5

// DefaultMarker is the id of the DAG that tells a release over REST, for the one folder of an Airflow that has no name of its own.
const DefaultMarker = "chronon_release"

// Options configure an engine. Target and Airflow are needed; Airflow is not when NoVerify is set.
type Options struct {
	Target     target.Target
	Airflow    Airflow
	Address    string           // of the Airflow, without credentials: where a release is recorded to be seen live; empty: nowhere
	Generator  string           // the program and its version, for the manifest
	Owner      target.Owner     // who deploys; Since is filled in
	Now        func() time.Time // stamps manifests, locks and the audit; default time.Now
	Timeout    time.Duration    // of each wait for Airflow; default DefaultTimeout
	Keep       int              // releases whose contents are kept, the live one included; default 5
	Marker     string           // id of the DAG that tells the release over REST; empty: none is deployed
	LockWait   time.Duration    // how long to wait for a lock that another deploy holds; 0: not at all
	Drain      time.Duration    // how long a removed DAG's running tasks may take to end; default DefaultDrain, negative: do not look
	Source     Source           // what the confs come from, for the audit
	Purge      []string         // DAGs whose history Airflow is to forget when this deploy has removed them; nothing brings it back
	Only       []string         // teams whose DAGs to deploy; the others stay as they are; empty: all
	Adopt      bool             // take over files that are not ours
	Allow      []RiskName       // the risks to take; others are refused
	MaxDelete  int              // DAGs that may go without RiskRemovals being allowed; default 5, negative: none
	NoVerify   bool             // place the files and do not look at Airflow
	NoRollback bool             // leave a release that fails verification in place
}

// airflowTime is the time where it has to fit what Airflow dates: runs, and the days that have passed. That is the server's clock, and our own only where nobody asked the server.
func (o *Options) airflowTime() time.Time {
	if o.Airflow != nil && !o.NoVerify {
		if at, told := o.Airflow.ServerTime(); told {
			return at
		}
	}
	return o.Now()
}

// Engine deploys to one target.
type Engine struct {
	opts Options
}

// New checks the options. It asks nothing of the target or of Airflow.
func New(opts Options) (*Engine, error) {
	if opts.Target == nil {
		return nil, errors.New("deploy: no target")
	}
	if opts.Airflow == nil && !opts.NoVerify {
		return nil, errors.New("deploy: no Airflow to verify with")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.Keep <= 0 {
		opts.Keep = defaultKeep
	}
	if opts.Drain == 0 {
		opts.Drain = DefaultDrain
	}
	if opts.MaxDelete == 0 {
		opts.MaxDelete = defaultMaxDelete
	}
	return &Engine{opts: opts}, nil
}

// Plan compares a release with what is in place and with what Airflow shows. It changes nothing and takes no lock.
//
// Files in the way are part of the plan, not an error, and so are risks. An Airflow that does not answer is an error: nobody could see what a deploy did.
func (e *Engine) Plan(ctx context.Context, release Release) (*Plan, error) {
	plan, err := e.plan(ctx, release)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", e.opts.Target, err)
	}
	return plan, nil
}

func (e *Engine) plan(ctx context.Context, release Release) (*Plan, error) {
	wanted, err := newContent(release, e.opts.Generator, e.allows(RiskEmpty))
	if err != nil {
		return nil, err
	}
	was, err := remember(ctx, e.opts.Target)
	if err != nil {
		return nil, err
	}
	live := blobs(e.opts.Target.State(), was.live())
	keep := incomplete(release.LeftOut, live.manifest)
	if len(e.opts.Only) > 0 {
		others, err := wanted.only(e.opts.Only, live.manifest)
		if err != nil {
			return nil, err
		}
		maps.Copy(keep, others)
	}
	held := wanted.hold(keep, live)
	wanted.manifest.Digest = wanted.manifest.digest()
	if err := e.identify(&wanted, live, release.DAGs); err != nil {
		return nil, err
	}
	return e.compare(ctx, OperationDeploy, wanted, was, held, release.DAGs)
}

// identify gives a content its release: the live one where it is the same, so that nothing is written again, and a new one otherwise.
func (e *Engine) identify(wanted *content, live content, defs []dagspec.DAG) error {
	manifest := &wanted.manifest
	if live.manifest.ID != "" && live.manifest.Digest == manifest.Digest {
		wanted.manifest = live.manifest.clone()
		wanted.add(live.manifest.markerFile(), live.read)
		return nil
	}
	manifest.Source = e.opts.Source
	manifest.name(e.opts.Now())
	if e.opts.Marker == "" {
		return nil
	}
	file, hash, err := marker.Render(e.opts.Marker, e.opts.Marker+".py", index(wanted.manifest, defs))
	if err != nil {
		return err
	}
	if _, taken := manifest.Files[file.Path]; taken {
		return invalid("its file %s has the name of the marker", file.Path)
	}
	manifest.Marker = &Marker{DAG: e.opts.Marker, File: file.Path, Hash: hash}
	manifest.Files[file.Path] = sum(file.Data)
	wanted.add(file.Path, func(context.Context, string) ([]byte, error) { return file.Data, nil })
	return nil
}

// index is what the marker tells of a release.
func index(manifest Manifest, defs []dagspec.DAG) marker.Index {
	index := marker.Index{
		Schema: 1, Release: manifest.ID, Created: manifest.Created, Generator: manifest.Generator,
		Commit: manifest.Source.Commit, Dirty: manifest.Source.Dirty, DAGs: []marker.DAG{},
	}
	byID := map[string]dagspec.DAG{}
	for _, def := range defs {
		byID[def.ID] = def
	}
	for _, id := range slices.Sorted(maps.Keys(manifest.DAGs)) {
		dag := manifest.DAGs[id]
		entry := marker.DAG{ID: id, Kind: dag.Kind, Team: dag.Team, Hash: dag.Hash, File: dag.File}
		if def, ok := byID[id]; ok && def.Hash == dag.Hash {
			entry.Describe(def)
		}
		index.DAGs = append(index.DAGs, entry)
	}
	return index
}

// compare makes the plan for a content. The definitions are those of its DAGs, as far as they are known.
func (e *Engine) compare(ctx context.Context, operation Operation, wanted content, was memory, held map[string]string, defs []dagspec.DAG) (*Plan, error) {
	files, err := e.difference(ctx, &wanted, &was)
	if err != nil {
		return nil, err
	}
	plan := &Plan{
		Schema:    planSchema,
		Target:    e.opts.Target.String(),
		operation: operation,
		Base:      was.ledger.Live,
		Digest:    wanted.manifest.Digest,
		Files:     files,
		wanted:    wanted,
		memory:    was,
		held:      held,
	}
	if !e.opts.NoVerify {
		if err := e.observe(ctx, plan); err != nil {
			return nil, err
		}
	}
	plan.DAGs = dagChanges(plan)
	for _, id := range e.opts.Purge {
		if e.opts.NoVerify || plan.change(id) != Remove {
			return nil, &PurgeError{DAG: id}
		}
	}
	return plan, e.assess(ctx, plan, defs)
}

// allows says whether a risk is to be taken.
func (e *Engine) allows(name RiskName) bool { return slices.Contains(e.opts.Allow, name) }

// difference compares a content with the files in place.
func (e *Engine) difference(ctx context.Context, wanted *content, was *memory) ([]FileChange, error) {
	reader := e.opts.Target.DAGs()
	entries, err := was.stat(ctx, reader, paths(wanted.manifest, was))
	if err != nil {
		return nil, err
	}
	d := difference{memory: was, entries: entries, adopt: e.opts.Adopt}
	if err := d.shareIgnoreFile(ctx, reader, wanted); err != nil {
		return nil, err
	}
	return d.files(wanted.manifest), nil
}

// observe adds to a plan what Airflow shows now.
func (e *Engine) observe(ctx context.Context, plan *Plan) error {
	server, err := e.opts.Airflow.Server(ctx)
	if err != nil {
		return err
	}
	seen, err := look(ctx, e.opts.Airflow, plan.wanted.manifest)
	if err != nil {
		return err
	}
	plan.Airflow = server.Version
	plan.reparse = server.Capabilities.Reparse
	plan.seen = seen
	return nil
}
