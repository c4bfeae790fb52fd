package cmd

import (
	"os"
	"path/filepath"

	"chrononctl/dagspec"
	"chrononctl/internal/filecache"
)

// dagFileCache keeps the DAG files that were generated before, in the folder that CHRONONCTL_CACHE names, else in the user's cache folder. It may be
// removed at any time. Without such a folder there is no cache.
func (a *app) dagFileCache() dagspec.Cache {
	dir := a.Getenv("CHRONONCTL_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(user, "chrononctl")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(a.Dir, dir)
	}
	folder := filecache.Folder{Dir: filepath.Join(dir, "dag_files"), Clock: a.Now}
	folder.Sweep()
	return folder
}
