package python

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Store is the folder that keeps what was installed: uv, interpreters that uv fetched, and virtual environments.
// Its methods may be called by several processes at once.
type Store struct {
	Dir      string            // absolute; made when something is written
	Environ  []string          // the environment of the programs that it runs, as os.Environ gives it; also where PATH and HOME are looked up
	Progress func(line string) // told before something long begins; nil is silent
}

// cacheVariable names the store's folder.
const cacheVariable = "CHRONONCTL_CACHE"

// Open returns the store of this process: in the folder that CHRONONCTL_CACHE names, else in the user's cache folder.
func Open() (*Store, error) {
	dir := os.Getenv(cacheVariable)
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find the cache folder: %w; name one in %s", err, cacheVariable)
		}
		dir = filepath.Join(user, "chrononctl")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the cache folder: %w", err)
	}
	return &Store{Dir: dir, Environ: os.Environ()}, nil
}

// pythonsDir is where uv puts the interpreters that it fetches for us.
func (s *Store) pythonsDir() string { return filepath.Join(s.Dir, "pythons") }

func (s *Store) progress(format string, args ...any) {
	if s.Progress != nil {
		s.Progress(fmt.Sprintf(format, args...))
	}
}

// getenv looks a variable up in Environ; as in a process, the last one counts.
func (s *Store) getenv(name string) string {
	value := ""
	for _, entry := range s.Environ {
		if v, found := strings.CutPrefix(entry, name+"="); found {
			value = v
		}
	}
	return value
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// resolved follows links, to recognise one file under two names.
func resolved(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}
