package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"chrononctl/internal/deploy/target"
)

// Names in the state of a target. Manifests and blobs are written once; the ledger is the one file that changes.
const (
	ledgerFile     = "live.json"
	manifestFolder = "releases"
	blobFolder     = "blobs"
)

// ledger is what a target remembers between deploys: which release is live, what was begun, and what came before.
//
// It is written before the first visible change, with the new release among the pending ones: so a file that an
// interrupted deploy left behind is known to be ours.
type ledger struct {
	Format   int      `json:"format"`
	Live     string   `json:"live"`               // release in place; empty before the first commit
	Verified bool     `json:"verified"`           // the live release was seen parsed
	SeenAt   string   `json:"seen_at,omitempty"`  // address of the Airflow that a release was seen live on last; empty: not told
	Pending  []string `json:"pending,omitempty"`  // releases that were begun and have not ended
	Journal  *Journal `json:"journal,omitempty"`  // the operation that is at work, or was left in the middle; nil: none
	Activate []string `json:"activate,omitempty"` // DAGs to unpause as soon as they are verified
	Retire   []string `json:"retire,omitempty"`   // DAGs that are gone from the release, and have to go from Airflow
	History  []past   `json:"history,omitempty"`  // newest first, the live one among them
	Pauses   *pauses  `json:"pauses,omitempty"`   // which DAGs were paused when the last deploy ended; nil: not known
	Audit    auditEnd `json:"audit,omitzero"`     // the end of the audit, so that nobody can cut it short
}

// past is a release that is kept.
type past struct {
	ID      string    `json:"id"`
	Outcome outcome   `json:"outcome"`
	Until   time.Time `json:"until,omitzero"` // when another release took its place, by Airflow's clock where it was asked; zero: it is live
}

// Journal says how far an operation came. It is written when a step begins.
type Journal struct {
	Operation string       `json:"operation"` // "deploy", "rollback"
	Release   string       `json:"release"`   // what is to be live
	From      string       `json:"from"`      // what was live before; empty: nothing
	Step      Step         `json:"step"`
	By        target.Owner `json:"by"`
	Ended     string       `json:"ended,omitempty"` // its result in the audit; empty: it did not come to its end
}

func (j *Journal) String() string {
	return fmt.Sprintf("the %s of %s by %s stopped during %s", j.Operation, j.Release, j.By.Who, j.Step)
}

// outcome is how far a release came.
type outcome string

const (
	outcomeDeployed outcome = "deployed" // in place, never verified
	outcomeVerified outcome = "verified"
	outcomeFailed   outcome = "failed" // rolled back; its confs stay for tasks that began on them
)

// memory is the state of a target as it was read: the ledger and the manifests of all releases that it names.
type memory struct {
	ledger    ledger
	version   target.Version
	manifests map[string]Manifest

	placed        map[string]target.Entry // what each file of ours was when it was written, for targets that do not know hashes
	placedVersion target.Version
}

// remember reads the state of a target. A target that was never deployed to has an empty one.
func remember(ctx context.Context, from target.Target) (memory, error) {
	state := from.State()
	m := memory{ledger: ledger{Format: manifestFormat}, manifests: map[string]Manifest{}, placed: map[string]target.Entry{}}
	data, version, err := state.Read(ctx, ledgerFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err != nil:
		return memory{}, fmt.Errorf("read %s: %w", ledgerFile, err)
	}
	m.version = version
	if err := decode(data, &m.ledger, func() int { return m.ledger.Format }); err != nil {
		return memory{}, fmt.Errorf("read %s: %w", ledgerFile, err)
	}
	for _, id := range m.releases() {
		manifest, err := readManifest(ctx, state, id)
		if err != nil {
			return memory{}, err
		}
		m.manifests[id] = manifest
	}
	if from.Capabilities().Hashes {
		return m, nil
	}
	return m, readPlaced(ctx, state, &m)
}

// releases are the ids of all releases that the ledger names.
func (m *memory) releases() []string {
	ids := slices.Clone(m.ledger.Pending)
	for _, past := range m.ledger.History {
		ids = append(ids, past.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func readManifest(ctx context.Context, state target.Reader, id string) (Manifest, error) {
	name := manifestName(id)
	data, _, err := state.Read(ctx, name)
	if err != nil {
		return Manifest{}, fmt.Errorf("read %s: %w", name, err)
	}
	var manifest Manifest
	if err := decode(data, &manifest, func() int { return manifest.Format }); err != nil {
		return Manifest{}, fmt.Errorf("read %s: %w", name, err)
	}
	for file := range manifest.Files {
		if err := target.CheckPath(file); err != nil {
			return Manifest{}, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return manifest, nil
}

// decode reads JSON of a known format. A newer program may have written something that this one would misread.
func decode(data []byte, into any, format func() int) error {
	if err := json.Unmarshal(data, into); err != nil {
		return err
	}
	if format() != manifestFormat {
		return fmt.Errorf("format %d was written by another version of chrononctl", format())
	}
	return nil
}

func manifestName(id string) string { return manifestFolder + "/" + id + ".json" }
func blobName(sum string) string    { return blobFolder + "/" + sum }

// live is the manifest in place; an empty one before the first release.
func (m *memory) live() Manifest { return m.manifests[m.ledger.Live] }

// lastVerified is the newest release that was seen live; an empty one when there is none.
func (m *memory) lastVerified() Manifest {
	for _, past := range m.ledger.History {
		if past.Outcome == outcomeVerified {
			return m.manifests[past.ID]
		}
	}
	return Manifest{}
}

// goal is where a rollback from a release goes: the newest other release that was verified, else the one that
// was live, else nothing.
func (m *memory) goal(failed string) (Manifest, bool) {
	for _, past := range m.ledger.History {
		if past.ID != failed && past.Outcome == outcomeVerified {
			return m.manifests[past.ID], true
		}
	}
	for _, past := range m.ledger.History {
		if past.ID != failed && past.Outcome == outcomeDeployed {
			return m.manifests[past.ID], true
		}
	}
	return Manifest{}, false
}

// current are the manifests whose files may be in place: the live one, and those of deploys that did not end.
func (m *memory) current() []Manifest {
	var manifests []Manifest
	for _, id := range append([]string{m.ledger.Live}, m.ledger.Pending...) {
		if manifest, ok := m.manifests[id]; ok {
			manifests = append(manifests, manifest)
		}
	}
	return manifests
}

// placedBy is the current release that has a file, whatever its content is now.
func (m *memory) placedBy(name string) string {
	for _, manifest := range m.current() {
		if _, ok := manifest.Files[name]; ok {
			return manifest.ID
		}
	}
	return ""
}

// owns says whether a content of a file is one that some release that is kept put there.
func (m *memory) owns(name, sum string) bool {
	for _, manifest := range m.manifests {
		if manifest.Files[name] == sum {
			return true
		}
	}
	return false
}

// commit makes a release the live one.
func (l *ledger) commit(id string, now time.Time) {
	l.supersede(id, now)
	l.Live = id
	l.Verified = false
	l.History = slices.DeleteFunc(l.History, func(p past) bool { return p.ID == id })
	l.History = slices.Insert(l.History, 0, past{ID: id, Outcome: outcomeDeployed})
	l.Pending = nil
}

// supersede notes when the live release gave way to another one: tasks that began before may still run on it.
func (l *ledger) supersede(by string, now time.Time) {
	for i := range l.History {
		if past := &l.History[i]; past.ID == l.Live && past.ID != by {
			past.Until = now.UTC().Truncate(time.Second)
		}
	}
}

// settle writes down how the release ended.
func (l *ledger) settle(id string, how outcome) {
	for i := range l.History {
		if l.History[i].ID == id {
			l.History[i].Outcome = how
		}
	}
	if l.Live == id {
		l.Verified = how == outcomeVerified
	}
}

// save writes the ledger in place of the one that was read, which is what makes a release the live one: of two deploys one gets
// a conflict here. After any other error the ledger is read back, for it may have been written all the same.
func (m *memory) save(ctx context.Context, target target.Target, state target.Writer) error {
	data, err := encode(m.ledger)
	if err != nil {
		return err
	}
	version, err := state.Write(ctx, ledgerFile, data, m.version)
	if err != nil {
		back, found, readErr := target.State().Read(ctx, ledgerFile)
		if readErr != nil || !bytes.Equal(back, data) {
			return err
		}
		version = found
	}
	m.version = version
	return nil
}

// encode is JSON for people too: a ledger is read with a pager when all else fails.
func encode(value any) ([]byte, error) {
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// blobs reads the files of a manifest from the state of a target.
func blobs(state target.Reader, manifest Manifest) content {
	return content{manifest: manifest, read: func(ctx context.Context, name string) ([]byte, error) {
		want := manifest.Files[name]
		data, _, err := state.Read(ctx, blobName(want))
		if err != nil {
			return nil, fmt.Errorf("read the kept content of %s: %w", name, err)
		}
		if sum(data) != want {
			return nil, fmt.Errorf("the kept content of %s is damaged", name)
		}
		return data, nil
	}}
}
