package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
	"github.com/spf13/cobra"

	"chrononctl/internal/query"
)

// view is how rows of one kind are shown: as a table, on a pipe, as JSON, and what they can be asked. Each command that lists something has one.
type view[T any] struct {
	columns []column[T]
	fields  []query.Field[T]
	name    func(T) string // identity of a row; what -o name prints
	object  func(T) any    // the row as a struct whose JSON keys are a promise
	none    string         // said on a terminal in place of an empty table
}

// column is one column of a view. Its text is complete, and a moment is one, not an age: two looks at what did not change give the same text.
type column[T any] struct {
	title string
	text  func(T) string
	shown func(*app, T) string // for a terminal; nil: text
	wide  bool                 // a terminal shows it with -o wide alone; a pipe has all columns
	moves bool                 // it changes with time alone: --watch tells no change of it
}

// viewFlags are the flags of every view.
type viewFlags struct {
	output   outputFlag
	keys     []string
	jq       string
	query    string
	watch    bool
	interval time.Duration
	most     int // rows, of those that meet the query, the first; 0: all

	program *gojq.Code // of jq, nil without
	others  []otherView
	members func() []string // of the JSON, where they are not those of a row; nil: they are
}

// otherView is what a flag shows in place of the view of a command, as its query and its members are completed.
type otherView struct {
	flag    string
	propose func(begun string, values func(field string) []string) []string
	keys    []string
}

// orView has --query and --json complete what another view has, where a flag chooses that.
func orView[T any](f *viewFlags, flag string, v view[T]) {
	f.others = append(f.others, otherView{flag, v.propose, jsonKeys(*new(T), v.object)})
}

// propose completes a query of the view's fields.
func (v view[T]) propose(begun string, values func(field string) []string) []string {
	return query.CompleteWith(query.Schema[T]{Fields: v.fields}, begun, values)
}

// shown is the view that the flags of a command choose.
func (f *viewFlags) shown(cmd *cobra.Command, first otherView) otherView {
	for _, other := range f.others {
		if cmd.Flags().Changed(other.flag) {
			return other
		}
	}
	return first
}

// defaultWatch is the time between two looks of --watch.
const defaultWatch = 10 * time.Second

// addView declares the flags of a view.
func addView[T any](a *app, cmd *cobra.Command, v view[T], f *viewFlags) {
	f.add(cmd, jsonKeys(*new(T), v.object))
	flags := cmd.Flags()
	flags.StringVarP(&f.query, "query", "q", "", "only rows that meet this: "+fieldNames(v.fields))
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("query", a.completeQuery(func(begun string, values func(string) []string) []string {
		return f.shown(cmd, otherView{propose: v.propose}).propose(begun, values)
	}))
}

// add declares the flags that do not depend on the rows.
func (f *viewFlags) add(cmd *cobra.Command, keys []string) {
	f.output.add(cmd, formatTable, formatWide, formatJSON, formatJSONL, formatName)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.keys, "json", nil, "JSON with these members only, separated by commas")
	flags.StringVar(&f.jq, "jq", "", "filter the JSON with a jq expression; texts are printed as they are")
	flags.BoolVarP(&f.watch, "watch", "w", false, "look again and again until interrupted; on a pipe a line for each change")
	flags.DurationVar(&f.interval, "interval", defaultWatch, "time between two looks of --watch")
	_ = cmd.RegisterFlagCompletionFunc("json", func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		settled := begun[:strings.LastIndex(begun, ",")+1]
		var full []string
		members := f.shown(cmd, otherView{keys: keys}).keys
		if f.members != nil {
			members = f.members()
		}
		for _, key := range members {
			full = append(full, settled+key)
		}
		return beginning(full, nil, begun), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// check refuses flags that make no sense, before anything is asked of a server. keys are the members that the JSON has.
func (f *viewFlags) check(a *app, keys []string) error {
	if err := f.output.check(a); err != nil {
		return err
	}
	if len(f.keys) > 0 || f.jq != "" {
		if f.output.value == formatAuto {
			f.output.value, a.jsonErrors = formatJSON, true
		}
		if f.output.value != formatJSON && (f.jq != "" || f.output.value != formatJSONL) {
			return usage(fmt.Errorf("--json and --jq make JSON, and do not go with -o %s", f.output.value))
		}
	}
	for _, key := range f.keys {
		if !slices.Contains(keys, key) {
			return usage(unknownName("--json "+key+": the JSON has no such member", "", key, keys))
		}
	}
	if f.watch && f.interval < time.Second {
		return usage(fmt.Errorf("--interval %s: must be a second at least", f.interval))
	}
	if f.watch && f.output.value == formatJSON {
		return usage(fmt.Errorf("--watch prints a line for each change: use -o jsonl"))
	}
	var err error
	f.program, err = compileJQ(f.jq)
	return err
}

// readQuery reads --query, before anything is asked of a server. What it returns is the condition for rows that were read since: its "today" and "-7d" are
// those of the server's clock, which only the answers tell.
func readQuery[T any](a *app, v view[T], f viewFlags) (func() query.Filter[T], error) {
	text, err := a.savedQuery(f.query)
	if err != nil {
		return nil, err
	}
	schema := query.Schema[T]{Fields: v.fields}
	if _, err := query.Parse(schema, text, a.Now()); err != nil {
		return nil, usage(err)
	}
	return func() query.Filter[T] {
		read, _ := query.Parse(schema, text, a.serverNow()) // it was read without an error before, which no date changes
		return read
	}, nil
}

func fieldNames[T any](fields []query.Field[T]) string {
	return strings.Join(convert(fields, func(f query.Field[T]) string { return f.Name }), ", ")
}

// look reads the rows of a view, and tells in sentences what could not be read.
type look[T any] func(ctx context.Context) (rows []T, problems []string, err error)

// show looks once, or with --watch again and again, and prints the rows that meet the query.
func show[T any](ctx context.Context, a *app, v view[T], f viewFlags, read look[T]) error {
	if err := f.check(a, jsonKeys(*new(T), v.object)); err != nil {
		return err
	}
	asked, err := readQuery(a, v, f)
	if err != nil {
		return err
	}
	chosen := func(ctx context.Context) ([]T, []string, error) {
		rows, problems, err := read(ctx)
		wanted := asked()
		rows = slices.DeleteFunc(slices.Clone(rows), func(row T) bool { return !wanted.Match(row) })
		if f.most > 0 {
			rows = rows[:min(f.most, len(rows))]
		}
		return rows, problems, err
	}
	if f.watch {
		return watch(ctx, a, v, f, chosen)
	}
	rows, problems, err := chosen(ctx)
	if err != nil {
		return err
	}
	for _, p := range problems {
		a.warn(p)
	}
	return printRows(ctx, a, v, f, rows)
}
