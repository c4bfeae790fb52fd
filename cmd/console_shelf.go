package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"chrononctl/tui"
)

// notebookFile keeps saved filters, the history of commands and the theme, in the user's folder for state.
type notebookFile struct{ path string }

// stateDir is the user's folder for state: XDG_STATE_HOME, or ~/.local/state; empty where there is none.
func (a *app) stateDir() string {
	base := a.Getenv("XDG_STATE_HOME")
	if home := a.Getenv("HOME"); base == "" && home != "" {
		base = filepath.Join(home, ".local", "state")
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "chrononctl")
}

// shelf is where the console's notebook is kept; nil where there is no folder for it.
func (a *app) shelf() tui.Shelf {
	dir := a.stateDir()
	if dir == "" {
		return nil
	}
	return notebookFile{filepath.Join(dir, "console.json")}
}

// Load reads the notebook. One that is not there is empty.
func (f notebookFile) Load() (tui.Notebook, error) {
	var notes tui.Notebook
	data, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return notes, nil
	case err != nil:
		return notes, fmt.Errorf("read saved filters: %w", err)
	}
	if err := json.Unmarshal(data, &notes); err != nil {
		return tui.Notebook{}, fmt.Errorf("read saved filters: %s: %w", f.path, err)
	}
	return notes, nil
}

// Save replaces the notebook as a whole.
func (f notebookFile) Save(notes tui.Notebook) error {
	data, err := json.MarshalIndent(notes, "", "  ")
	if err != nil {
		return fmt.Errorf("keep saved filters: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("keep saved filters: %w", err)
	}
	if err := renameio.WriteFile(f.path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep saved filters: %w", err)
	}
	return nil
}
