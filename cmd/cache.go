package cmd

import (
	"path/filepath"
	"runtime/debug"

	"chrononctl/dagspec"
	"chrononctl/internal/filecache"
)

// dagFileCache keeps the DAG files that were generated before, in the folder that CHRONONCTL_CACHE names, else in the user's cache folder. It may be
// removed at any time. Without such a folder there is no cache.
func (a *app) dagFileCache() dagspec.Cache {
	dir := a.cacheDir()
	if dir == "" {
		return nil
	}
	folder := filecache.Folder{Dir: filepath.Join(dir, "dag_files"), Clock: a.Now}
	folder.Sweep()
	return folder
}

// fewCollections has the garbage collector run less often until the function that it returns is called. A repository is read once and then the
// program ends: of what is loaded for that, nearly all is needed to the end.
func fewCollections() (restore func()) {
	before := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(before) }
}
