package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/tui"
)

// savedMark begins a query that stands for one that was saved in the console, under the name behind the mark.
const savedMark = "@"

// savedQueries are the filters that the console has saved.
func (a *app) savedQueries() ([]tui.SavedFilter, error) {
	shelf := a.shelf()
	if shelf == nil {
		return nil, nil
	}
	notes, err := shelf.Load()
	return notes.Filters, err
}

// savedQuery is the query that was saved under a name, where the text is a name of one, else the text.
func (a *app) savedQuery(text string) (string, error) {
	name, named := strings.CutPrefix(text, savedMark)
	if !named {
		return text, nil
	}
	saved, err := a.savedQueries()
	if err != nil {
		return "", err
	}
	var known []string
	for _, f := range saved {
		if f.Name == name {
			return f.Filter, nil
		}
		known = append(known, savedMark+f.Name)
	}
	return "", usage(unknownName(fmt.Sprintf("--query %s: no filter of that name was saved", text), "in the console, :save NAME keeps the filter of a screen", text, known))
}

// completeQuery completes a query: names of fields, their words, the names that the Airflow has where a field holds such, and saved ones.
func (a *app) completeQuery(propose func(begun string, values func(field string) []string) []string) completer {
	return func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if strings.HasPrefix(begun, savedMark) {
			saved, _ := a.savedQueries() // what cannot be read is not proposed
			return beginning(convert(saved, func(f tui.SavedFilter) cobra.Completion { return remark(savedMark+f.Name, f.Filter) }), nil, begun), directiveKeep
		}
		proposals := propose(begun, func(field string) []string { return a.valuesOf(cmd, field) })
		return proposals, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// valuesOf are the values that a field of a query may have, by its name, which stands for the same in every view.
func (a *app) valuesOf(cmd *cobra.Command, field string) []string {
	switch field {
	case "kind":
		return convert(fleetColumns, func(c fleetColumn) string { return string(c.kind) })
	case "team", "dag", "join", "conf", "stream", "table":
	default:
		return nil
	}
	n := a.liveNames(contextOf(cmd))
	return map[string][]string{
		"team": n.Teams, "dag": n.DAGs, "join": n.Joins, "conf": n.Confs, "stream": n.Streams, "table": n.Tables,
	}[field]
}
