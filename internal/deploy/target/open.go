package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Place is a target as the project file describes it.
type Place struct {
	Kind   string // "dir"
	Path   string // the folder that Airflow reads; it must exist
	Folder string // our sub-folder of it, made when it is missing; empty: Path itself
	State  string // manifests, lock, contents; empty: .chrononctl/<name of Path> beside Path
}

// Open describes the target of a place. Nothing is created but our own sub-folder.
func Open(p Place) (Target, error) {
	if p.Kind != "dir" {
		return nil, fmt.Errorf("target kind %q is not known; dir is", p.Kind)
	}
	switch info, err := os.Stat(p.Path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NoFolderError{Path: p.Path}
	case err != nil:
		return nil, fmt.Errorf("dir target: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("dir target: %s is no folder", p.Path)
	}
	if p.State == "" {
		clean := filepath.Clean(p.Path)
		p.State = filepath.Join(filepath.Dir(clean), ".chrononctl", filepath.Base(clean))
	}
	ours := filepath.Join(p.Path, p.Folder)
	if err := os.MkdirAll(ours, 0o755); err != nil {
		return nil, fmt.Errorf("dir target: %w", err)
	}
	return NewDir(DirOptions{Path: ours, State: p.State})
}
