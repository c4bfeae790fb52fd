package target_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/targettest"
)

func TestDirConformance(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"", "ours/chronon"} {
		t.Run("folder "+folder, func(t *testing.T) {
			t.Parallel()
			fresh := func(t *testing.T) target.Target {
				t.Helper()
				return open(t, target.DirOptions{Path: t.TempDir(), Folder: folder})
			}
			again := func(t *testing.T, first target.Target) target.Target {
				t.Helper()
				path := strings.TrimSuffix(first.(*target.Dir).Path(), folder)
				return open(t, target.DirOptions{Path: path, Folder: folder})
			}
			targettest.Run(t, fresh, again)
		})
	}
}

func open(t *testing.T, opts target.DirOptions) *target.Dir {
	t.Helper()
	dir, err := target.NewDir(opts)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDirWriteIsWholeWhateverFails(t *testing.T) {
	t.Parallel()
	for _, mode := range []targettest.Mode{targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn, targettest.DiskFull, targettest.FailOnce} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				if !writeFails(t, at, mode) {
					break
				}
				if at > 20 {
					t.Fatal("a write of one file makes more than 20 changes")
				}
			}
		})
	}
}

// writeFails replaces one file while the at-th change fails, and says whether the write failed.
func writeFails(t *testing.T, at int, mode targettest.Mode) bool {
	t.Helper()
	faults := &targettest.Faults{}
	dir := open(t, target.DirOptions{Path: t.TempDir(), Open: faults.Open})
	session := lockDir(t, dir)
	old, err := session.DAGs().Write(t.Context(), "sub/a.py", []byte("old content"), target.Absent)
	if err != nil {
		t.Fatal(err)
	}
	faults.Arm(at, mode)
	_, failed := session.DAGs().Write(t.Context(), "sub/a.py", []byte("new content"), old)
	faults.Arm(0, 0)
	data, version, err := dir.DAGs().Read(t.Context(), "sub/a.py")
	if err != nil || string(data) != "old content" && string(data) != "new content" {
		t.Fatalf("change %d: the file holds %q, %v", at, data, err)
	}
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
	next := lockDir(t, dir)
	if _, err := next.DAGs().Write(t.Context(), "sub/a.py", []byte("new content"), version); err != nil {
		t.Fatalf("change %d: the next write: %v", at, err)
	}
	if left := names(t, filepath.Join(dir.Path(), "sub")); left != "a.py" {
		t.Fatalf("change %d: the folder holds %s", at, left)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	return failed != nil
}

func lockDir(t *testing.T, dir *target.Dir) target.Session {
	t.Helper()
	session, err := dir.Lock(t.Context(), target.Owner{Who: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return strings.Join(found, " ")
}

func TestDirNeverLeavesItsFolder(t *testing.T) {
	t.Parallel()
	dir := open(t, target.DirOptions{Path: t.TempDir()})
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir.Path(), "link")); err != nil {
		t.Fatal(err)
	}
	session := lockDir(t, dir)
	if _, err := session.DAGs().Write(t.Context(), "link/a.py", []byte("x"), target.Absent); err == nil {
		t.Error("a write through a symbolic link that leads outside did not fail")
	}
	if left := names(t, outside); left != "" {
		t.Errorf("outside holds %s", left)
	}
}

func TestDirDoesNotTakeSpecialFilesForFiles(t *testing.T) {
	t.Parallel()
	dir := open(t, target.DirOptions{Path: t.TempDir()})
	in := func(name string) string { return filepath.Join(dir.Path(), name) }
	if err := errors.Join(os.Mkdir(in("folder.py"), 0o755), os.Symlink("elsewhere", in("link.py")), syscall.Mkfifo(in("pipe.py"), 0o644)); err != nil {
		t.Fatal(err)
	}
	entries, err := dir.DAGs().Stat(t.Context(), []string{"folder.py", "link.py", "pipe.py"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"folder.py": "a folder", "link.py": "a symbolic link", "pipe.py": "not a plain file"}
	session := lockDir(t, dir)
	for name, special := range want {
		if entries[name].Special != special {
			t.Errorf("%s: special is %q, want %q", name, entries[name].Special, special)
		}
		if _, err := session.DAGs().Write(t.Context(), name, []byte("x"), entries[name].Version); err == nil {
			t.Errorf("%s: was written over", name)
		}
	}
}

func TestDirSaysWhatIsWrongWithItsFolders(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	_, err := open(t, target.DirOptions{Path: filepath.Join(base, "typo")}).DAGs().Stat(t.Context(), []string{"a.py"})
	if _, ok := errors.AsType[*target.NoFolderError](err); !ok {
		t.Errorf("a folder that is not there: %v", err)
	}
	_, err = target.NewDir(target.DirOptions{Path: base, State: filepath.Join(base, "state")})
	if _, ok := errors.AsType[*target.StateInsideError](err); !ok {
		t.Errorf("a state folder inside: %v", err)
	}
	if _, err = target.NewDir(target.DirOptions{}); err == nil {
		t.Error("no path: no error")
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := target.NewDir(target.DirOptions{Path: base, State: filepath.Join(file, "state")}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a state folder below a file: %v", err)
	}
}

func TestDirStateLiesBesideTheFolder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	path := filepath.Join(base, "dags")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	session := lockDir(t, open(t, target.DirOptions{Path: path}))
	if _, err := session.State().Write(t.Context(), "live.json", []byte("{}"), target.Absent); err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Join(base, ".chrononctl", "dags")); left != "live.json lock lock.json lock.mutex" {
		t.Errorf("the state folder holds %s", left)
	}
	if left := names(t, path); left != "" {
		t.Errorf("the DAG folder holds %s", left)
	}
	below := open(t, target.DirOptions{Path: path, Folder: "team/chronon"})
	if left := names(t, path); left != "" {
		t.Errorf("opening made %s", left)
	}
	lockDir(t, below)
	if left := names(t, filepath.Join(base, ".chrononctl")); left != "dags dags-team-chronon" {
		t.Errorf("the states are %s", left)
	}
}

func TestLockedErrorCannotReachTheTerminal(t *testing.T) {
	t.Parallel()
	dir := open(t, target.DirOptions{Path: t.TempDir()})
	session, err := dir.Lock(t.Context(), target.Owner{Who: "ada\x1b[2J", Host: "h\r\n", Since: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	_, err = dir.Lock(t.Context(), target.Owner{})
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\r\n") {
		t.Errorf("error is %q", err)
	}
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"join_payments.py", ".airflowignore", "_chronon_rt/confs/0123456789abcdef/production/joins/payments/checkout.v1__1", "a+b=c@d,e"} {
		if err := target.CheckPath(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{".chrononctl-a.py-ABCD.tmp", "a/.", "a./b", strings.Repeat("x", 201), "$(id).py", "a`b"} {
		if target.CheckPath(bad) == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if message := fmt.Sprint(target.CheckPath("a\x1b[2J.py")); strings.Contains(message, "\x1b") {
		t.Errorf("message is %q", message)
	}
}

// behind is a disk of a server whose clock is an hour behind that of this machine.
type behind struct{ target.Disk }

func (b behind) Lstat(name string) (fs.FileInfo, error) {
	info, err := b.Disk.Lstat(name)
	return earlier{info}, err
}

type earlier struct{ fs.FileInfo }

func (e earlier) ModTime() time.Time { return e.FileInfo.ModTime().Add(-time.Hour) }

// A lock of another machine is as old as the clock of the folder says. This machine's clock may be ahead by hours, and would take it for dead.
func TestLockOfAnotherMachineGoesByTheClockOfTheFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "dags")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := target.NewDir(target.DirOptions{Path: folder, Open: func(at string) (target.Disk, error) {
		disk, err := target.OpenDisk(at)
		return behind{disk}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := dir.Parts(t.Context(), target.Owner{Who: "ada", Host: "far-away", Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil { // over there the kernel knows of it; here it does not
		t.Fatal(err)
	}
	_, err = dir.Lock(t.Context(), target.Owner{Who: "bob", Host: "here", Since: time.Now()})
	locked, ok := errors.AsType[*target.LockedError](err)
	if !ok || locked.Owner.Who != "ada" {
		t.Fatalf("error is %v", err)
	}
}
