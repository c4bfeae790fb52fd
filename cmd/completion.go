package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/config"
	"chrononctl/internal/filecache"
)

// Completion must never make a shell wait: names are kept for a while, and a server that is away costs a moment once.
const (
	completionPatience = 1500 * time.Millisecond // for a server, once
	completionFresh    = 5 * time.Minute         // names are taken from the cache
	completionSilence  = time.Minute             // a server that did not answer is left alone
)

// names are what completion knows of an Airflow.
type names struct {
	At    time.Time `json:"at"`
	DAGs  []string  `json:"dags"`
	Teams []string  `json:"teams"`
	Joins []string  `json:"joins"`
}

// addCompletion gives the arguments of commands live names, by the words that their usage calls them: DAG, TEAM, NAME of a context.
func addCompletion(root *cobra.Command, a *app) {
	// The only error is a flag that does not exist.
	_ = root.RegisterFlagCompletionFunc("context", a.completeContexts)
	for _, cmd := range allCommands(root) {
		if cmd.Flags().Lookup("target") != nil {
			_ = cmd.RegisterFlagCompletionFunc("target", a.completeTargets)
		}
		if cmd.ValidArgsFunction != nil {
			continue
		}
		_, usage, _ := strings.Cut(cmd.Use, " ")
		switch first, _, _ := strings.Cut(usage, " "); {
		case strings.HasPrefix(first, "DAG"), strings.HasPrefix(first, "[DAG"):
			cmd.ValidArgsFunction = a.completeDAG(strings.Contains(first, "..."))
		case strings.Contains(first, "TEAM"):
			cmd.ValidArgsFunction = a.completeNames(func(n names) []string { return n.Teams })
		case strings.HasPrefix(first, "CONF"):
			cmd.ValidArgsFunction = firstOnly(a.completeNames(func(n names) []string { return n.Joins }))
		case cmd.Name() == "why":
			cmd.ValidArgsFunction = firstOnly(a.completeNames(func(n names) []string { return slices.Concat(n.Teams, n.Joins, n.DAGs) }))
		case cmd.HasParent() && cmd.Parent().Name() == "context" && cmd.Name() != "add" && usage != "":
			cmd.ValidArgsFunction = firstOnly(a.completeContexts)
		}
	}
}

func allCommands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, child := range root.Commands() {
		all = append(all, allCommands(child)...)
	}
	return all
}

// completer proposes what an argument could become.
type completer = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective)

// firstOnly completes the first argument alone.
func firstOnly(complete completer) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, begun)
	}
}

func (a *app) completeNames(which func(names) []string) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return beginning(which(a.liveNames(cmd.Context())), args, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDAG completes DAG ids: as the first argument, or as all of them.
func (a *app) completeDAG(many bool) completer {
	complete := a.completeNames(func(n names) []string { return n.DAGs })
	if many {
		return complete
	}
	return firstOnly(complete)
}

func (a *app) completeContexts(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(slices.Sorted(maps.Keys(all.ByName)), args, begun), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTargets(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	repo, err := a.repository()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(targetNames(repo), args, begun), cobra.ShellCompDirectiveNoFileComp
}

// beginning are the names that begin like this and are no argument yet.
func beginning(all, args []string, begun string) []string {
	return only(all, func(name string) bool { return strings.HasPrefix(name, begun) && !slices.Contains(args, name) })
}

// liveNames are the names that the chosen Airflow has: from the cache, or asked for when that is old. Whatever goes wrong, it says nothing.
func (a *app) liveNames(ctx context.Context) names {
	if ctx == nil {
		ctx = context.Background()
	}
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return names{}
	}
	chosen, err := all.Choose(a.contextName, a.Getenv)
	if err != nil {
		return names{}
	}
	cache, key := a.namesCache(), namesKey(chosen)
	kept, known := cache.read(key)
	if age := a.Now().Sub(kept.At); known && age >= 0 && age < completionFresh {
		return kept
	}
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	found, err := a.askNames(ctx)
	if err != nil { // what is known is kept, and the server left alone for a while
		kept.At = a.Now().Add(completionSilence - completionFresh)
		cache.write(key, kept)
		return kept
	}
	cache.write(key, found)
	return found
}

func (a *app) askNames(ctx context.Context) (names, error) {
	_, client, err := a.airflow(ctx)
	if err != nil {
		return names{}, err
	}
	dags, err := client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"chronon"}})
	if err != nil {
		return names{}, err
	}
	return namesOf(dags, a.Now()), nil
}

// namesOf are the names that the tags of our DAGs hold.
func namesOf(dags []airflowclient.DAG, now time.Time) names {
	n := names{At: now}
	for _, d := range dags {
		n.DAGs = append(n.DAGs, d.ID)
		for _, tag := range d.Tags {
			if team, ok := strings.CutPrefix(tag, "team:"); ok {
				n.Teams = append(n.Teams, team)
			}
			if join, ok := strings.CutPrefix(tag, "join:"); ok {
				n.Joins = append(n.Joins, join)
			}
		}
	}
	for _, list := range []*[]string{&n.DAGs, &n.Teams, &n.Joins} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return n
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

// namesKey is the key of a context's names: by its address, since that is what has them.
func namesKey(c config.Context) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.URL, string(c.Service), c.Environment, c.Username}, "\n")))
	return hex.EncodeToString(sum[:16])
}

func (c namesCache) read(key string) (names, bool) {
	var n names
	if c.folder.Dir == "" {
		return n, false
	}
	text, ok := c.folder.Get(key)
	return n, ok && json.Unmarshal(text, &n) == nil
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
