package target

import "fmt"

// Place is a target as the project file describes it.
type Place struct {
	Kind   string // "dir"
	Path   string // the folder that Airflow scans; it must exist
	Folder string // our folder below it, made by the first deploy; empty: Path itself
	State  string // manifests, lock, contents; empty: a folder beside Path
}

// Open describes the target of a place. It creates nothing.
func Open(p Place) (Target, error) {
	switch p.Kind {
	case "dir":
		return NewDir(DirOptions{Path: p.Path, Folder: p.Folder, State: p.State})
	default:
		return nil, fmt.Errorf("target kind %q is not known; dir is", p.Kind)
	}
}
