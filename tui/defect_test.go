package tui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"chrononctl/internal/fleet"
)

// defectiveSource panics when it is asked for the picture.
type defectiveSource struct{ *fakeSource }

func (defectiveSource) Observe(context.Context) (fleet.Snapshot, error) { panic("planted in Observe") }

// defectiveModel panics in the part of a model that it names.
type defectiveModel struct{ part string }

func (m defectiveModel) fail(part string) {
	if m.part == part {
		panic("planted in " + part)
	}
}

func (m defectiveModel) Init() tea.Cmd {
	m.fail("Init")
	return tea.Batch(func() tea.Msg { m.fail("a command"); return nil }, func() tea.Msg { return defectMsg{} })
}

func (m defectiveModel) Update(tea.Msg) (tea.Model, tea.Cmd) { m.fail("Update"); return m, nil }

func (m defectiveModel) View() tea.View { m.fail("View"); return tea.NewView("") }

func TestADefectOfAnyPartEndsTheConsoleAndIsKept(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"Init", "Update", "View", "a command"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			m := guard(defectiveModel{part})
			_, err := tea.NewProgram(m, tea.WithInput(strings.NewReader("")), tea.WithOutput(io.Discard), tea.WithoutSignalHandler()).Run()
			defect := m.defect.Load()
			if err != nil || defect == nil || defect.Value != "planted in "+part || !strings.Contains(defect.Error(), "defectiveModel.fail") {
				t.Errorf("it ended with %v, and kept %v", err, defect)
			}
		})
	}
}

func TestRunSaysWhereTheDefectIs(t *testing.T) {
	t.Parallel()
	silent, keyboard := io.Pipe()
	defer keyboard.Close()
	err := Run(t.Context(), Options{Source: defectiveSource{healthyFleet()}, Input: silent, Output: io.Discard, Environ: []string{"TERM=xterm"}})
	defect, ok := errors.AsType[*DefectError](err)
	if !ok || defect.Value != "planted in Observe" || defect.Hint() == "" {
		t.Errorf("Run = %v", err)
	}
}
