package local

import (
	"context"
	_ "embed" // for the programs below
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

//go:embed supervise.py
var superviseSource []byte

//go:embed admin.py
var adminSource []byte

//go:embed chrononctl_host.py
var hostSource []byte

// adminScript is the name of admin.py in an instance's folder.
const adminScript = "admin.py"

// writePrograms puts our Python programs into the instance's folder. Airflow finds modules in its folder "config".
func writePrograms(dir string) error {
	for name, source := range map[string][]byte{
		supervisorScript: superviseSource, adminScript: adminSource, "config/chrononctl_host.py": hostSource,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, source, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// folder is an instance's folder, held by this process.
type folder struct {
	path      string
	temporary bool
	lock      *flock.Flock
	state     folderState
}

// folderState is what the folder remembers between starts, in instance.json.
type folderState struct {
	Airflow  string `json:"airflow,omitempty"`  // the version whose database it holds
	Migrated string `json:"migrated,omitempty"` // the environment that migrated it last
	PID      int    `json:"pid,omitempty"`      // of the process that holds it
	URL      string `json:"url,omitempty"`      // of the instance that runs
	Shelter  string `json:"shelter,omitempty"`  // where the database is, when it is not in the folder; see shelter.go
}

// BusyError says that another instance runs in the folder.
type BusyError struct {
	Dir string
	PID int    // of the process that runs it; 0 when not known
	URL string // of that instance; "" when not known
}

func (e *BusyError) Error() string {
	text := fmt.Sprintf("the folder %s is in use by another instance", e.Dir)
	if e.PID != 0 {
		text += fmt.Sprintf(", of process %d", e.PID)
	}
	if e.URL != "" {
		text += ", on " + e.URL
	}
	return text
}

// Hint names the next step.
func (e *BusyError) Hint() string { return "end that one first, or name another folder" }

// leftoverPatience is how long the programs of a killed predecessor may take to end; see supervise.py.
const leftoverPatience = 30 * time.Second

// openFolder makes and locks an instance's folder. What a killed predecessor left running there is waited for.
func openFolder(ctx context.Context, dir string) (*folder, error) {
	f := &folder{path: dir, temporary: dir == ""}
	var err error
	if f.temporary {
		f.path, err = makeTemporary("")
	} else if f.path, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(f.path, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("make the instance's folder: %w", err)
	}
	f.lock = flock.New(filepath.Join(f.path, "instance.lock"))
	held, err := f.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the folder %s: %w", f.path, err)
	}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, f.lock.Close())
	}
	if !held {
		return nil, &BusyError{Dir: f.path, PID: f.state.PID, URL: f.state.URL}
	}
	ctx, cancel := context.WithTimeout(ctx, leftoverPatience)
	defer cancel()
	busy := flock.New(f.busyFile())
	if _, err := busy.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return nil, errors.Join(&BusyError{Dir: f.path, PID: f.state.PID}, f.lock.Close())
	}
	return f, busy.Close()
}

// busyFile is kept locked by every supervisor of the instance.
func (f *folder) busyFile() string { return filepath.Join(f.path, "components.lock") }

func (f *folder) stateFile() string { return filepath.Join(f.path, "instance.json") }

func (f *folder) load() error {
	text, err := os.ReadFile(f.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &f.state)
	}
	if err != nil {
		return fmt.Errorf("read the state of the folder %s: %w", f.path, err)
	}
	return nil
}

func (f *folder) save() error {
	text, err := json.Marshal(f.state)
	if err != nil {
		return err
	}
	return writeAtomically(f.stateFile(), append(text, '\n'), 0o644)
}

// claim notes who uses the folder, and refuses a version whose database it does not hold.
func (f *folder) claim(version, environment string) error {
	if f.state.Airflow != "" && f.state.Airflow != version {
		return fmt.Errorf("the folder %s holds an Airflow %s, not %s: name another folder or remove it", f.path, f.state.Airflow, version)
	}
	if f.state.Migrated != environment {
		f.state.Migrated = ""
	}
	f.state.Airflow, f.state.PID, f.state.URL = version, os.Getpid(), ""
	return f.save()
}

// close gives the folder up, and removes it when it was a temporary one.
func (f *folder) close() error {
	var err error
	if f.temporary {
		err = os.RemoveAll(f.path)
		if f.state.Shelter != "" {
			err = errors.Join(err, os.RemoveAll(f.state.Shelter))
		}
	} else {
		f.state.PID, f.state.URL = 0, ""
		err = f.save()
	}
	return errors.Join(err, f.lock.Close())
}
