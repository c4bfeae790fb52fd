package tui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

func TestRunEndsWithoutErrorWhenTheReaderLeaves(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"q", "\x03"} {
		err := Run(t.Context(), Options{Source: healthyFleet(), Input: strings.NewReader(key), Output: io.Discard, Environ: []string{"TERM=xterm"}})
		if err != nil {
			t.Errorf("after %q: %v", key, err)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	silent, keyboard := io.Pipe()
	defer keyboard.Close()
	err := Run(ctx, Options{Source: healthyFleet(), Input: silent, Output: io.Discard, Environ: []string{"TERM=xterm"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run = %v, want the error of its context", err)
	}
}

func TestAConsoleWithoutChangesIsReadOnly(t *testing.T) {
	t.Parallel()
	if o := (Options{Source: healthyFleet()}).withDefaults(); !o.ReadOnly {
		t.Error("a console that has nothing to make changes with is not read-only")
	}
}

func TestTheMouseIsHandedBack(t *testing.T) {
	t.Parallel()
	r := newRoot(t.Context(), Options{Source: healthyFleet()})
	r.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if r.View().MouseMode == tea.MouseModeNone {
		t.Error("the console does not listen to the mouse")
	}
	r.Update(keyPress("m"))
	if r.View().MouseMode != tea.MouseModeNone {
		t.Error("the terminal did not get the mouse back")
	}
}

func TestKeysOfAScreenHideThoseOfTheConsole(t *testing.T) {
	t.Parallel()
	here := binding{keys: []string{"esc"}, verb: "end search"}
	there := binding{keys: []string{"esc", "backspace"}, verb: "back"}
	if got := unshadowed([]binding{here, there}); len(got) != 1 || got[0].verb != "end search" {
		t.Errorf("unshadowed leaves %d keys", len(got))
	}
}
