package cmd

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/deploy"
	"chrononctl/internal/term"
	"chrononctl/tui"
)

// completer proposes what an argument could become.
type completer = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective)

// proposer names everything that an argument or a flag could be, given the arguments before it; a remark may follow behind a tab. It keeps its order. What
// it cannot find out it does not name.
type proposer func(ctx context.Context, cmd *cobra.Command, args []string) []cobra.Completion

// addCompletion gives arguments and flags live names: arguments by the words that the usage of their command calls them, flags by their own.
func addCompletion(root *cobra.Command, a *app) {
	arguments, flags := a.argumentProposers(), a.flagProposers()
	for _, cmd := range allCommands(root) {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = completeArguments(cmd, arguments)
		}
		for _, name := range slices.Sorted(maps.Keys(flags)) {
			if cmd.LocalFlags().Lookup(name) != nil {
				// The only error is one about a flag that completes already.
				propose := flags[name]
				if own, ok := flags[commandWords(cmd)+" "+name]; ok {
					propose = own
				}
				_ = cmd.RegisterFlagCompletionFunc(name, propose.complete())
			}
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

// slot is an argument of a command in the words of its usage: DAG, RUN, TASK.
type slot struct {
	word string
	many bool // it, and all that follow
}

// slotsOf reads the usage of a command: "clear DAG RUN [TASK...] | --query QUERY" takes a DAG, a RUN and any number of TASK.
func slotsOf(use string) []slot {
	_, usage, _ := strings.Cut(use, " ")
	usage, _, _ = strings.Cut(usage, " | -")
	var slots []slot
	for word := range strings.FieldsSeq(usage) {
		if strings.HasPrefix(word, "(") { // flags, of which one is needed
			break
		}
		name, many := strings.CutSuffix(strings.Trim(word, "[]"), "...")
		slots = append(slots, slot{name, many})
	}
	return slots
}

// argumentProposer is the proposer for an argument of a command, nil where nothing is known to propose. Words that mean something else to one command than to
// others stand in the table with the command.
func argumentProposer(cmd *cobra.Command, s slot, of map[string]proposer) proposer {
	if words := strings.Split(s.word, "|"); len(words) > 1 {
		return choices(words...)
	}
	if own, ok := of[commandWords(cmd)+" "+s.word]; ok {
		return own
	}
	return of[s.word]
}

// completeArguments completes each argument of a command, and no files.
func completeArguments(cmd *cobra.Command, of map[string]proposer) completer {
	slots := slotsOf(cmd.Use)
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := len(args)
		if last := len(slots) - 1; at > last && last >= 0 && slots[last].many {
			at = last
		}
		if at >= len(slots) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		propose := argumentProposer(cmd, slots[at], of)
		if propose == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return beginning(propose(contextOf(cmd), cmd, args), args[min(at, len(args)):], begun), directiveKeep
	}
}

// directiveKeep shows the proposals as they come, the newest run first, and no files.
const directiveKeep = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder

// complete is a proposer for a flag.
func (p proposer) complete() completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		settled := begun[:strings.LastIndex(begun, ",")+1] // of a flag that takes a list
		all := beginning(p(contextOf(cmd), cmd, args), strings.Split(settled, ","), begun[len(settled):])
		for i := range all {
			all[i] = settled + all[i]
		}
		return all, directiveKeep
	}
}

// contextOf is the context of a command. A test may run one without.
func contextOf(cmd *cobra.Command) context.Context {
	if ctx := cmd.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// beginning are the proposals that begin like this and are not named yet, without what could do harm to a terminal.
func beginning(all []cobra.Completion, named []string, begun string) []cobra.Completion {
	return only(all, func(proposal cobra.Completion) bool {
		name, _, _ := strings.Cut(proposal, "\t")
		return strings.HasPrefix(name, begun) && !slices.Contains(named, name) && term.Clean(name) == name && name != ""
	})
}

// choices proposes words that never change.
func choices(words ...string) proposer {
	return func(context.Context, *cobra.Command, []string) []cobra.Completion { return words }
}

// remark is a proposal with what is to be known of it.
func remark(name string, words ...string) cobra.Completion {
	text := strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")
	if text == "" {
		return name
	}
	return name + "\t" + term.Clean(text)
}

// argumentProposers are the proposers by the words of usages. A word that is none of them takes what nobody can know; a test lists those.
func (a *app) argumentProposers() map[string]proposer {
	return map[string]proposer{
		"DAG":              a.named(func(n names) []string { return n.DAGs }),
		"TEAM":             a.named(func(n names) []string { return n.Teams }),
		"CONF":             a.named(func(n names) []string { return n.Fills }),
		"restart GROUP_BY": a.named(func(n names) []string { return n.Streams }),
		"upload GROUP_BY":  a.named(func(n names) []string { return n.Uploads }),
		"why NAME":         a.named(names.all),
		"RUN":              a.proposeRuns,
		"tasks RUN":        a.proposeRunsAndDays,
		"TASK":             a.proposeTasks,
		"ID":               a.proposeBackfills,
		"undo ID":          a.proposeChanges,
		"deploy unlock ID": a.proposeLock,
		"RELEASE":          a.proposeReleases,
		"NAME":             a.proposeContexts,
		"context add NAME": nil, // a new one
	}
}

// flagProposers are the proposers by the names of flags, those aside that a command completes by itself.
func (a *app) flagProposers() map[string]proposer {
	return map[string]proposer{
		"context":       a.proposeContexts,
		"target":        a.proposeTargets,
		"only":          a.named(func(n names) []string { return n.Teams }),
		"purge-history": a.named(func(n names) []string { return n.DAGs }),
		"parts":         a.proposeParts,
		"run":           a.proposeRuns,
		"day":           a.proposeDays,
		"kind":          choices(texts(action.ConfKinds())...),
		"why kind":      choices(nameKinds()...),
		"allow":         choices(texts(deploy.RiskNames())...),
		"color":         choices(texts([]term.ColorMode{term.ColorAuto, term.ColorAlways, term.ColorNever})...),
		"theme":         choices(tui.Themes()...),
		"airflow":       choices(local.Airflow3, local.Airflow2),
		"scenario":      proposeScenarios,
		"service":       choices(texts([]config.Service{config.MWAA, config.MWAAAPI, config.Composer})...),
	}
}

func texts[T ~string](all []T) []string {
	return convert(all, func(v T) string { return string(v) })
}

// proposeScenarios names the fleets that the demo can play.
func proposeScenarios(context.Context, *cobra.Command, []string) []cobra.Completion {
	return convert(airflowtest.Scenarios(), func(s airflowtest.NamedScenario) cobra.Completion { return remark(s.Name, s.About) })
}
