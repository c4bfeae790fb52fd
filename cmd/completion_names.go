package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
	"chrononctl/internal/config"
	"chrononctl/internal/deploy/marker"
	"chrononctl/internal/filecache"
)

// Completion must never make a shell wait: names are kept for a while, and a server that is away costs a moment once.
const (
	completionPatience = 1500 * time.Millisecond // for a server, once
	completionFresh    = 5 * time.Minute         // names are taken from the cache
	completionSilence  = time.Minute             // a server that did not answer is left alone
)

// names are what completion knows of an Airflow: its DAGs, and the confs and tables that the releases tell of (package marker).
type names struct {
	At      time.Time           `json:"at"`
	Away    time.Time           `json:"away,omitzero"` // when it did not answer last
	DAGs    []string            `json:"dags"`
	Teams   []string            `json:"teams"`
	Joins   []string            `json:"joins"`
	Confs   []string            `json:"confs"`
	Fills   []string            `json:"fills"`   // confs whose table a backfill can fill
	Uploads []string            `json:"uploads"` // GroupBys that are uploaded
	Streams []string            `json:"streams"` // GroupBys that stream
	Tables  []string            `json:"tables"`
	Parts   map[string][]string `json:"parts"` // of joins that have a task for each part
}

// all are the names that one may ask about.
func (n names) all() []string {
	return distinct(slices.Concat(n.Teams, n.Joins, n.Confs, n.DAGs, n.Tables))
}

// distinct sorts texts, each once.
func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// named proposes names of the chosen Airflow.
func (a *app) named(which func(names) []string) proposer {
	return func(ctx context.Context, _ *cobra.Command, _ []string) []cobra.Completion {
		return which(a.liveNames(ctx))
	}
}

// proposeParts names the parts of the join that is the first argument.
func (a *app) proposeParts(ctx context.Context, _ *cobra.Command, args []string) []cobra.Completion {
	if len(args) == 0 {
		return nil
	}
	return a.liveNames(ctx).Parts[args[0]]
}

// liveNames are the names that the chosen Airflow has: from the cache, or asked for when that is old. Whatever goes wrong, it says nothing.
func (a *app) liveNames(ctx context.Context) names {
	kept, keep, ok := a.keptNames()
	if age := a.Now().Sub(kept.At); !ok || age >= 0 && age < completionFresh {
		return kept
	}
	var found names
	if a.askBriefly(ctx, func(ctx context.Context, client *airflowclient.Client) (err error) {
		found, err = askNames(ctx, client, a.Now())
		return err
	}) {
		keep(found)
		return found
	}
	return kept
}

// keptNames are what the cache knows of the chosen Airflow, and a way to keep what is known anew; false: none is chosen.
func (a *app) keptNames() (kept names, keep func(names), ok bool) {
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return names{}, nil, false
	}
	chosen, err := all.Choose(a.contextName, a.Getenv)
	if err != nil {
		return names{}, nil, false
	}
	cache, key := a.namesCache(), namesKey(chosen)
	return cache.read(key), func(n names) { cache.write(key, n) }, true
}

// askBriefly puts a question to the chosen Airflow for a moment at most, and not at all when it was away a moment ago. It says whether there was an answer.
func (a *app) askBriefly(ctx context.Context, question func(context.Context, *airflowclient.Client) error) bool {
	kept, keep, ok := a.keptNames()
	if silent := a.Now().Sub(kept.Away); !ok || silent >= 0 && silent < completionSilence {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	_, client, err := a.airflow(ctx)
	if err == nil {
		err = question(ctx, client)
	}
	if ctx.Err() != nil || airflowclient.IsUnavailable(err) {
		kept.Away = a.Now()
		keep(kept)
	}
	return err == nil
}

// askNames asks for the DAGs and for what the releases tell, at the same time. One of the two is enough: who may not read some DAGs is told of the others, and of
// a fleet that takes too long to list the releases tell.
func askNames(ctx context.Context, client *airflowclient.Client, now time.Time) (names, error) {
	var dags []airflowclient.DAG
	var defs []marker.DAG
	var listed, told error
	var group parallel.Group
	group.Go(func() error {
		dags, listed = client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{dagspec.Tag}})
		return nil
	})
	group.Go(func() error {
		defs, told = askReleases(ctx, client)
		return nil
	})
	if err := group.Wait(); err != nil {
		return names{}, err
	}
	if listed != nil && (told != nil || len(defs) == 0) {
		return names{}, listed
	}
	n := names{At: now, Parts: make(map[string][]string)}
	visible := make(map[string]bool)
	for _, d := range dags {
		visible[d.ID] = true
		n.addDAG(d)
	}
	for _, d := range defs {
		if listed != nil || visible[d.ID] {
			n.addDefinition(d)
		}
	}
	for _, list := range []*[]string{&n.DAGs, &n.Teams, &n.Joins, &n.Confs, &n.Fills, &n.Uploads, &n.Streams, &n.Tables} {
		*list = distinct(*list)
	}
	return n, nil
}

// askReleases reads the index of each release that the Airflow has.
func askReleases(ctx context.Context, client *airflowclient.Client) ([]marker.DAG, error) {
	markers, err := client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{marker.Tag}})
	if err != nil {
		return nil, err
	}
	var all []marker.DAG
	for _, m := range markers {
		details, err := client.Details(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		if index, err := marker.Decode(details.Doc); err == nil {
			all = append(all, index.DAGs...)
		}
	}
	return all, nil
}

// addDAG adds what the tags of a DAG say.
func (n *names) addDAG(d airflowclient.DAG) {
	n.DAGs = append(n.DAGs, d.ID)
	for _, tag := range d.Tags {
		if team, ok := strings.CutPrefix(tag, dagspec.TagTeam); ok {
			n.Teams = append(n.Teams, team)
		}
		if join, ok := strings.CutPrefix(tag, dagspec.TagJoin); ok {
			n.Joins = append(n.Joins, join)
			n.Fills = append(n.Fills, join)
		}
	}
}

// addDefinition adds what a release tells of a DAG.
func (n *names) addDefinition(d marker.DAG) {
	n.DAGs, n.Confs, n.Tables = append(n.DAGs, d.ID), append(n.Confs, d.Confs...), slices.Concat(n.Tables, d.Writes, d.Reads)
	if d.Team != "" {
		n.Teams = append(n.Teams, d.Team)
	}
	if d.Join != "" {
		n.Joins = append(n.Joins, d.Join)
	}
	for _, task := range d.Tasks {
		if list := n.takes(task.Mode); list != nil {
			*list = append(*list, task.Conf)
		}
		if task.Part != "" {
			n.Parts[task.Conf] = append(n.Parts[task.Conf], task.Part)
		}
	}
}

// takes is the list of what a change can be about whose confs have a task of a mode; nil: there is none.
func (n *names) takes(mode dagspec.Mode) *[]string {
	return map[dagspec.Mode]*[]string{
		dagspec.ModeBackfill: &n.Fills, dagspec.ModeBackfillLeft: &n.Fills, dagspec.ModeBackfillFinal: &n.Fills,
		dagspec.ModeUpload: &n.Uploads, dagspec.ModeStreaming: &n.Streams,
	}[mode]
}

// namesCache keeps names in the cache folder; without one it keeps nothing.
type namesCache struct{ folder filecache.Folder }

func (a *app) namesCache() namesCache {
	dir := a.cacheDir()
	if dir == "" {
		return namesCache{}
	}
	return namesCache{filecache.Folder{Dir: filepath.Join(dir, "names"), Clock: a.Now}}
}

// namesKey is the key of a context's names: by its address and its user, since these decide who sees what.
func namesKey(c config.Context) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"2", c.URL, string(c.Service), c.Environment, c.Username}, "\n"))) // 2: what is kept has another form than it had
	return hex.EncodeToString(sum[:16])
}

func (c namesCache) read(key string) (n names) {
	if c.folder.Dir == "" {
		return n
	}
	text, ok := c.folder.Get(key)
	if !ok || json.Unmarshal(text, &n) != nil {
		return names{}
	}
	return n
}

func (c namesCache) write(key string, n names) {
	text, err := json.Marshal(n)
	if err == nil && c.folder.Dir != "" {
		c.folder.Put(key, text)
	}
}

// cacheDir is the folder that CHRONONCTL_CACHE names, else the one in the user's cache folder; "" where there is none.
func (a *app) cacheDir() string {
	dir := a.Getenv("CHRONONCTL_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(user, "chrononctl")
	}
	return a.path(dir)
}
