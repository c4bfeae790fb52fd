// Package layouts measures how DAG files should be laid out: what it costs Airflow's DAG processor to read a folder once, and what it costs a worker to
// find the task that it is to start.
//
// Three layouts of one seeded repository ([Shape.Repository]) are compared. [PerDAG] and [PerTeam] are those that dagspec can write.
// [Walk] is what the Airflow code that Chronon ships does: four files, each of which reads the whole repository whenever it is parsed. The folder
// walker holds a new writing of that behaviour, mended as far as it must be to run at all on Airflow 2 and 3.
//
// A cycle is a run of `airflow dag-processor --num-runs 1` on a PostgreSQL of its own ([Cycle]); what an empty folder costs is taken off. A task start is
// what a worker does before the task's own code ([dagbag.Reader.Start]). All figures are CPU time of the processes with their children, because wall
// time says nothing on a machine that does other things. The command in the folder bench prints them as the table that docs/layouts.md holds.
package layouts

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"chrononctl/dagspec"
)

// Layout says which DAGs share a file.
type Layout string

// The layouts that are compared.
const (
	PerDAG  Layout = "a file per DAG"
	PerTeam Layout = "a file per team and kind"
	Walk    Layout = "walk everything"
)

// All lists the layouts.
func All() []Layout { return []Layout{PerDAG, PerTeam, Walk} }

//go:embed walker/*.py
var walker embed.FS

// Folder is a DAG folder.
type Folder struct {
	Files int               // DAG files
	DAGs  []dagspec.DAG     // nil for Walk, whose DAGs only Airflow knows
	File  map[string]string // DAG id to file below the folder; nil for Walk
}

// Write lays a repository out in a folder.
func Write(folder string, repository fs.FS, layout Layout) (Folder, error) {
	if layout == Walk {
		return writeWalker(folder, repository)
	}
	return Generate(folder, repository, Settings(layout))
}

// Settings are dagspec's defaults with a KV load, for one of its two layouts.
func Settings(layout Layout) dagspec.Settings {
	settings := dagspec.DefaultSettings()
	settings.KVLoad = &dagspec.CommandOrCallable{Argv: []string{"load", "{table}", "{dataset}", "{ds}"}}
	if settings.Layout = dagspec.LayoutTeam; layout == PerDAG {
		settings.Layout = dagspec.LayoutDAG
	}
	return settings
}

// Generate writes what dagspec makes of a repository.
func Generate(folder string, repository fs.FS, settings dagspec.Settings) (Folder, error) {
	repo, found := dagspec.Load(repository, settings)
	if errs := found.Errors(); len(errs) > 0 {
		return Folder{}, fmt.Errorf("load the repository: %s", errs[0])
	}
	definitions := dagspec.Build(repo, settings)
	files, err := dagspec.Render(definitions, repo, settings)
	if err != nil {
		return Folder{}, fmt.Errorf("render the repository: %w", err)
	}
	written := Folder{DAGs: definitions.DAGs, File: map[string]string{}}
	for _, file := range files {
		if err := writeFile(folder, file.Path, file.Data); err != nil {
			return Folder{}, err
		}
		if len(file.DAGs) > 0 {
			written.Files++
		}
		for _, id := range file.DAGs {
			written.File[id] = file.Path
		}
	}
	return written, nil
}

// writeWalker puts the walker's files into the folder, and the repository into a folder beside that Airflow does not look into.
func writeWalker(folder string, repository fs.FS) (Folder, error) {
	programs, err := fs.Sub(walker, "walker")
	if err != nil {
		return Folder{}, err
	}
	written := Folder{}
	err = fs.WalkDir(programs, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(programs, name)
		if err != nil {
			return err
		}
		if name == "walk.py" {
			name = path.Join("_walker", name)
		} else {
			written.Files++
		}
		return writeFile(folder, name, data)
	})
	if err != nil {
		return Folder{}, fmt.Errorf("write the walker: %w", err)
	}
	if err := writeFile(folder, ".airflowignore", []byte("_walker\n")); err != nil {
		return Folder{}, err
	}
	if err := os.CopyFS(filepath.Join(folder, "_walker", "repo"), repository); err != nil {
		return Folder{}, fmt.Errorf("write the repository: %w", err)
	}
	return written, nil
}

func writeFile(folder, name string, data []byte) error {
	file := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
