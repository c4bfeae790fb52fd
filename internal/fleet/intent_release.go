package fleet

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
)

// everyIntent is how often it is looked whether another release is there.
const everyIntent = 5 * time.Minute

// readMarker is a marker DAG with what it told.
type readMarker struct {
	description string // it names the release, and changes with it
	index       marker.Index
	err         error
}

// intentCache keeps what the markers told, and the intent that came of it.
type intentCache struct {
	read    time.Time
	markers map[string]readMarker
	intent  *Intent
}

// readIntent learns what the releases on the Airflow consist of: one request every few minutes, and one for each release that is new.
func (o *Observer) readIntent(ctx context.Context) (intent *Intent, problem error) {
	o.mu.Lock()
	known := o.intent
	o.mu.Unlock()
	if known.intent != nil && o.opts.Now().Sub(known.read) < everyIntent {
		return known.intent, nil
	}
	dags, err := o.client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{marker.Tag}})
	if err != nil {
		if known.intent == nil {
			known.intent = o.opts.Intent
		}
		return known.intent, err
	}
	found, changed := make(map[string]readMarker), known.intent == nil || len(dags) != len(known.markers)
	for _, d := range dags {
		m, ok := known.markers[d.ID]
		if !ok || m.description != d.Description || m.err != nil {
			m, changed = o.readMarker(ctx, d), true
		}
		found[d.ID] = m
		if m.err != nil {
			problem = m.err
		}
	}
	if changed {
		known.intent = mergedIntent(o.definitions(found), found)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.intent.read, o.intent.markers, o.intent.intent = o.opts.Now(), found, known.intent
	return known.intent, problem
}

// definitions say what should run beside the releases: those of the options, or where no release tells anything, those of a repository at hand.
func (o *Observer) definitions(markers map[string]readMarker) *Intent {
	for _, m := range markers {
		if m.err == nil {
			return o.opts.Intent
		}
	}
	if o.opts.Intent.Known() || o.opts.Definitions == nil {
		return o.opts.Intent
	}
	return cmp.Or(o.opts.Definitions(), o.opts.Intent)
}

func (o *Observer) readMarker(ctx context.Context, d airflowclient.DAG) readMarker {
	m := readMarker{description: d.Description}
	details, err := o.client.Details(ctx, d.ID)
	if err != nil {
		m.err = fmt.Errorf("the release of %s: %w", d.ID, err)
		return m
	}
	if m.index, err = marker.Decode(details.Doc); err != nil {
		m.err = fmt.Errorf("the release of %s: %w", d.ID, err)
	}
	return m
}

// mergedIntent joins definitions with what the releases tell; of a DAG that both have, the definitions say what it is.
func mergedIntent(definitions *Intent, markers map[string]readMarker) *Intent {
	told := make(map[string]released)
	dags := slices.Clone(definitions.DAGs)
	var (
		releases []Release
		problems []string
		coarse   []marker.DAG
	)
	if definitions.Problem != "" {
		problems = append(problems, definitions.Problem)
	}
	complete := true
	for id, m := range markers {
		if m.err != nil {
			complete = false
			problems = append(problems, m.err.Error())
			continue
		}
		release := Release{Marker: id, ID: m.index.Release, Created: m.index.Created, Commit: m.index.Commit}
		releases = append(releases, release)
		for _, entry := range m.index.DAGs {
			if _, twice := told[entry.ID]; twice {
				continue
			}
			told[entry.ID] = released{release, entry.Hash, entry.File}
			if _, ok := definitions.DAG(entry.ID); ok {
				continue
			}
			def, err := entry.Definition()
			if err != nil {
				problems = append(problems, err.Error())
			}
			dags = append(dags, def)
			if len(entry.Tasks) == 0 {
				coarse = append(coarse, entry)
			}
		}
	}
	in := newIntent(sourceOf(definitions, releases), dags)
	in.addTables(coarse)
	in.released, in.complete = told, complete
	slices.SortFunc(releases, func(a, b Release) int { return strings.Compare(a.Marker, b.Marker) })
	slices.Sort(problems)
	in.Releases, in.Problem = releases, strings.Join(slices.Compact(problems), "; ")
	return in
}

func sourceOf(definitions *Intent, releases []Release) IntentSource {
	switch {
	case definitions.Known():
		return IntentDefinitions
	case len(releases) > 0:
		return IntentRelease
	default:
		return IntentUnknown
	}
}

// addTables takes up which DAG writes and reads which table, where the release does not tell its tasks. The task ids are empty.
func (in *Intent) addTables(entries []marker.DAG) {
	slices.SortFunc(entries, func(a, b marker.DAG) int { return strings.Compare(a.ID, b.ID) })
	for _, entry := range entries {
		ref := TaskRef{DAGID: entry.ID}
		for _, table := range entry.Writes {
			in.writers[hiveName(table)] = append(in.writers[hiveName(table)], ref)
		}
		for _, table := range entry.Reads {
			in.waiters[hiveName(table)] = append(in.waiters[hiveName(table)], ref)
		}
		for _, conf := range entry.Confs {
			in.byConf[conf] = append(in.byConf[conf], ref)
		}
	}
}

// Release is the release that has the DAG, as far as the releases tell.
func (in *Intent) Release(dagID string) (Release, bool) {
	if in == nil {
		return Release{}, false
	}
	r, ok := in.released[dagID]
	return r.release, ok
}

// file is where the release that has a DAG has put it, below the folder of its target; empty: no release tells.
func (in *Intent) file(dagID string) string {
	if in == nil {
		return ""
	}
	return in.released[dagID].file
}

// wantedOf are the DAGs that should run, of some teams or of all.
func (in *Intent) wantedOf(teams []string) iter.Seq[*dagspec.DAG] {
	return func(yield func(*dagspec.DAG) bool) {
		for i := range in.DAGs {
			d := &in.DAGs[i]
			if (len(teams) == 0 || slices.Contains(teams, d.Team)) && !yield(d) {
				return
			}
		}
	}
}
