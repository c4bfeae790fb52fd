package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// rowChange is what a look of --watch found out about a row, compared with the look before.
type rowChange string

// The changes.
const (
	rowThere   rowChange = "there" // with the first look
	rowNew     rowChange = "new"
	rowChanged rowChange = "changed"
	rowGone    rowChange = "gone"
)

// changeJSON is a line of --watch -o jsonl.
type changeJSON struct {
	At     string    `json:"at"`
	Change rowChange `json:"change"`
	Row    any       `json:"row"`
}

// watch shows the rows at each interval: on a terminal each look replaces the one before, on a pipe there is a line for each row that has changed.
func watch[T any](ctx context.Context, a *app, v view[T], f viewFlags, read look[T]) error {
	w := &watcher[T]{app: a, view: v, flags: f}
	return a.repeatedly(ctx, f.interval, func(ctx context.Context) error {
		rows, problems, err := read(ctx)
		if err != nil {
			return err
		}
		return w.look(ctx, rows, problems)
	})
}

// repeatedly looks at each interval until it is interrupted. A look that fails is said, and the next one is tried; a mistake of the user's ends it.
func (a *app) repeatedly(ctx context.Context, interval time.Duration, once func(context.Context) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := once(ctx)
		if _, final := errors.AsType[codedError](err); final {
			return err
		}
		if ctx.Err() == nil {
			a.printError(err)
		}
		select {
		case <-ctx.Done():
			return exit(ExitInterrupted, nil) // that is how it ends, and nothing to be told
		case <-ticker.C:
		}
	}
}

// watcher remembers the last look.
type watcher[T any] struct {
	app   *app
	view  view[T]
	flags viewFlags

	began bool
	order []string
	last  map[string]T
	said  []string // problems
}

func (w *watcher[T]) look(ctx context.Context, rows []T, problems []string) error {
	if format := w.flags.format(w.app); format == formatTable || format == formatWide {
		w.app.clearScreen()
		if err := printRows(ctx, w.app, w.view, w.flags, rows); err != nil {
			return err
		}
		w.say(problems, true)
		return nil
	}
	w.say(problems, false)
	w.lines(rows)
	return nil
}

// clearScreen has the next look replace the last one, on a terminal.
func (a *app) clearScreen() {
	if a.Streams.OutTerminal {
		fmt.Fprint(a.Streams.Out, "\x1b[H\x1b[2J") // home, clear
	}
}

// say warns of what could not be read: on a cleared screen each time, on a pipe when it is not what was said last.
func (w *watcher[T]) say(problems []string, again bool) {
	for _, p := range problems {
		if again || !slices.Contains(w.said, p) {
			w.app.warn(p)
		}
	}
	w.said = problems
}

// lines prints what has changed since the last look.
func (w *watcher[T]) lines(rows []T) {
	seen := make(map[string]T, len(rows))
	var order []string
	for _, row := range rows {
		key := w.view.name(row)
		seen[key], order = row, append(order, key)
		before, known := w.last[key]
		switch {
		case !w.began:
			w.line(rowThere, row)
		case !known:
			w.line(rowNew, row)
		case !w.view.same(before, row):
			w.line(rowChanged, row)
		}
	}
	for _, key := range w.order {
		if _, still := seen[key]; !still {
			w.line(rowGone, w.last[key])
		}
	}
	w.last, w.order, w.began = seen, order, true
}

func (w *watcher[T]) line(c rowChange, row T) {
	at := stamp(w.app.serverNow())
	switch w.flags.output.value {
	case formatJSONL:
		w.app.writeLine(changeJSON{at, c, pick(w.view.object(row), w.flags.keys)})
	case formatName:
		writeTSV(w.app.Streams.Out, at, string(c), w.view.name(row))
	default:
		writeTSV(w.app.Streams.Out, append([]string{at, string(c)}, w.view.texts(row)...)...)
	}
}

// same says whether two looks at a row show the same, but for what changes with time alone.
func (v view[T]) same(before, now T) bool {
	return !slices.ContainsFunc(v.columns, func(c column[T]) bool { return !c.moves && c.text(before) != c.text(now) })
}
