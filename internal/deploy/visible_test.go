package deploy_test

import (
	"context"
	"path"

	"chrononctl/internal/deploy/target"
)

// visible is what a DAG processor sees of a target: the names in a folder, a file's content, and a stamp that moves whenever anyone writes it, as a time of
// modification or an entity tag does. What is not there has no stamp.
type visible interface {
	names(folder string) []string
	stamp(name string) string
	read(name string) string
}

// onDisk sees a folder.
type onDisk struct{ target.Disk }

func (d onDisk) names(folder string) []string {
	var names []string
	entries, _ := d.ReadDir(folder) // a folder that is not there is an empty one
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

func (d onDisk) stamp(name string) string {
	info, err := d.Lstat(name)
	if err != nil {
		return ""
	}
	return info.ModTime().String()
}

func (d onDisk) read(name string) string {
	data, _ := d.ReadFile(name)
	return string(data)
}

// atTarget sees what a target hands out, as a DAG bundle reads a bucket or a branch.
type atTarget struct {
	target.Target
	ctx context.Context
}

func (a atTarget) names(folder string) []string {
	names, _ := a.DAGs().List(a.ctx, folder) // as above
	return names
}

func (a atTarget) stamp(name string) string {
	entries, _ := a.DAGs().Stat(a.ctx, []string{name})
	return string(entries[name].Version)
}

func (a atTarget) read(name string) string {
	data, _, _ := a.DAGs().Read(a.ctx, name)
	return string(data)
}

// tree lists all files below a folder.
func (d onDisk) tree(folder string) []string {
	var names []string
	entries, _ := d.ReadDir(folder)
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		if entry.IsDir() {
			names = append(names, d.tree(name)...)
			continue
		}
		names = append(names, name)
	}
	return names
}
