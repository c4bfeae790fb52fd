package tui

import (
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// Notebook is what the console remembers from one session to the next. It holds no secret.
type Notebook struct {
	Filters  []SavedFilter `json:"filters,omitempty"`
	Commands []string      `json:"commands,omitempty"` // what was typed after ":", oldest first
	Theme    string        `json:"theme,omitempty"`
}

// Shelf keeps the notebook. Its methods may take their time: they are called away from the update loop.
type Shelf interface {
	Load() (Notebook, error)
	Save(Notebook) error
}

// keptCommands is how many commands are remembered.
const keptCommands = 200

// remember adds a command to the history, once.
func (n Notebook) remember(command string) Notebook {
	kept := slices.DeleteFunc(slices.Clone(n.Commands), func(c string) bool { return c == command })
	kept = append(kept, command)
	n.Commands = kept[max(0, len(kept)-keptCommands):]
	return n
}

// notebookMsg is the notebook of an earlier session.
type notebookMsg struct {
	notes Notebook
	err   error
}

// notedMsg says how keeping the notebook ended.
type notedMsg struct{ err error }

// openNotebook reads what an earlier session has left.
func (s *shell) openNotebook() tea.Cmd {
	shelf := s.options.Shelf
	if shelf == nil {
		return nil
	}
	return func() tea.Msg {
		notes, err := shelf.Load()
		return notebookMsg{notes, err}
	}
}

// tookNotebook takes what an earlier session has left; what cannot be read is said, and is no reason not to work.
func (s *shell) tookNotebook(m notebookMsg) {
	if m.err != nil {
		s.say(errorText(m.err))
		return
	}
	s.notes = m.notes
	if s.options.Theme == "" && m.notes.Theme != "" {
		s.options.Theme = m.notes.Theme
		s.paintAnew()
	}
}

// keepNotes changes the notebook and has it kept.
func (s *shell) keepNotes(notes Notebook) tea.Cmd {
	s.notes = notes
	shelf, k := s.options.Shelf, &s.keeper
	if shelf == nil {
		return nil
	}
	k.asked++
	asked := k.asked
	return func() tea.Msg {
		k.mu.Lock()
		defer k.mu.Unlock()
		if asked < k.kept {
			return notedMsg{}
		}
		k.kept = asked
		return notedMsg{shelf.Save(notes)}
	}
}

// keeper has notebooks kept one after the other, whatever order their commands are run in: an older one never takes the place of a newer one.
type keeper struct {
	asked uint64 // counts what is to be kept; it belongs to the update loop

	mu   sync.Mutex
	kept uint64 // the newest that was kept
}
