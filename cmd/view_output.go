package cmd

import (
	"context"
	"fmt"

	"chrononctl/internal/term"
)

// printRows prints rows in the format that was asked for.
func printRows[T any](ctx context.Context, a *app, v view[T], f viewFlags, rows []T) error {
	switch f.format(a) {
	case formatTable, formatWide:
		a.printTable(v.table(a, f, rows), v.none)
	case formatJSON:
		return a.printJSON(ctx, f, convert(rows, v.object))
	case formatJSONL:
		for _, row := range rows {
			a.writeLine(pick(v.object(row), f.keys))
		}
	case formatName:
		for _, row := range rows {
			writeTSV(a.Streams.Out, v.name(row))
		}
	default:
		for _, row := range rows {
			writeTSV(a.Streams.Out, v.texts(row)...)
		}
	}
	return nil
}

// format is -o, or what fits the stream: a table on a terminal.
func (f viewFlags) format(a *app) string {
	if f.output.value == formatAuto && a.Streams.OutTerminal {
		return formatTable
	}
	return f.output.value
}

// texts are all columns of a row, for a pipe.
func (v view[T]) texts(row T) []string {
	out := make([]string, len(v.columns))
	for i, c := range v.columns {
		out[i] = c.text(row)
	}
	return out
}

// table is the header and the rows for a terminal, made harmless.
func (v view[T]) table(a *app, f viewFlags, rows []T) [][]string {
	var out [][]string
	line := func(cell func(column[T]) string) {
		var cells []string
		for _, c := range v.columns {
			if !c.wide || f.output.value == formatWide {
				cells = append(cells, cell(c))
			}
		}
		out = append(out, cells)
	}
	line(func(c column[T]) string { return c.title })
	for _, row := range rows {
		line(func(c column[T]) string {
			if c.shown != nil {
				return c.shown(a, row)
			}
			return term.Clean(c.text(row))
		})
	}
	return out
}

// printTable prints a table whose first line is its header, or says that there is nothing.
func (a *app) printTable(lines [][]string, none string) {
	if len(lines) == 1 {
		fmt.Fprintln(a.Streams.Out, none)
		return
	}
	writeTable(a.Streams.Styled(), lines[0], lines[1:])
}

// writeLine prints one JSON value in one line.
func (a *app) writeLine(v any) {
	text, err := marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a row has no JSON: %v", err)) // rows are structs of texts, numbers and times
	}
	fmt.Fprintf(a.Streams.Out, "%s\n", harmlessJSON(text, a.Streams.OutTerminal))
}
