package targettest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"chrononctl/internal/deploy/target"
)

// ErrCrashed is what every call gets after a crash.
var ErrCrashed = errors.New("the process is dead")

// Mode is a way to fail.
type Mode int

// The ways to fail at one operation. After a crash nothing works any more, which is what a dead process sees.
const (
	CrashBefore Mode = iota // the operation does not happen
	CrashAfter              // it happens, and nobody learns of it
	CrashTorn               // it happens by half: a file is created with half of its content
	DiskFull                // this and every later creation of a file fails by half
	FailOnce                // the operation fails, the next ones do not
	Ambiguous               // the operation happens and fails all the same, as when an answer is lost; the next ones do not fail
	Interfere               // the Interference happens just before the operation, which then does as well
)

// String names the mode in test output.
func (m Mode) String() string {
	return [...]string{"crash before", "crash after", "crash torn", "disk full", "fail once", "ambiguous", "interference"}[m]
}

// Faults opens disks that count the operations which change something, and fail at one of them. The zero value never fails.
type Faults struct {
	Disks func(folder string) (target.Disk, error) // what fails; default: the real file system, without the flushes that only matter when the power goes

	mutex   sync.Mutex
	at      int
	mode    Mode
	changes int
	dead    bool

	Interference func() // what somebody else does, with Interfere
}

// Arm makes the operation fail that changes something for the at-th time from now, counting from 1; 0 never fails.
func (f *Faults) Arm(at int, mode Mode) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.at, f.mode, f.changes, f.dead = at, mode, 0, false
}

// Changes is how many operations have changed something since the faults were armed.
func (f *Faults) Changes() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.changes
}

// Open is the Open of [target.DirOptions].
func (f *Faults) Open(folder string) (target.Disk, error) {
	open := f.Disks
	if open == nil {
		open = openUnflushed
	}
	disk, err := open(folder)
	if err != nil {
		return nil, err
	}
	return &faultyDisk{Disk: disk, faults: f}, nil
}

// change runs one operation that changes something, or fails it. Torn is what half of it does.
func (f *Faults) change(creates bool, do, torn func() error) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.dead {
		return ErrCrashed
	}
	f.changes++
	if f.at == 0 || f.changes < f.at || f.changes > f.at && (f.mode != DiskFull || !creates) {
		return do()
	}
	switch f.mode {
	case CrashBefore:
		f.dead = true
	case CrashAfter:
		f.dead = true
		if err := do(); err != nil {
			return err
		}
	case CrashTorn:
		f.dead = true
		if err := torn(); err != nil {
			return err
		}
	case DiskFull:
		if !creates {
			return do()
		}
		return errors.Join(syscall.ENOSPC, torn())
	case Ambiguous:
		return errors.Join(fmt.Errorf("operation %d: %w", f.at, os.ErrDeadlineExceeded), do())
	case Interfere:
		f.Interference()
		return do()
	case FailOnce:
		return fmt.Errorf("operation %d: %w", f.at, syscall.EIO)
	}
	return ErrCrashed
}

func (f *Faults) read() error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.dead {
		return ErrCrashed
	}
	return nil
}

// faultyDisk is a disk with faults.
type faultyDisk struct {
	target.Disk
	faults *Faults
}

func nothing() error { return nil }

func (d *faultyDisk) Lstat(name string) (fs.FileInfo, error) {
	if err := d.faults.read(); err != nil {
		return nil, err
	}
	return d.Disk.Lstat(name)
}

func (d *faultyDisk) ReadFile(name string) ([]byte, error) {
	if err := d.faults.read(); err != nil {
		return nil, err
	}
	return d.Disk.ReadFile(name)
}

func (d *faultyDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := d.faults.read(); err != nil {
		return nil, err
	}
	return d.Disk.ReadDir(name)
}

func (d *faultyDisk) MkdirAll(name string) error {
	if _, err := d.Disk.Lstat(name); err == nil {
		return d.faults.read()
	}
	return d.faults.change(false, func() error { return d.Disk.MkdirAll(name) }, nothing)
}

func (d *faultyDisk) Create(name string, data []byte) error {
	write := func(data []byte) func() error { return func() error { return d.Disk.Create(name, data) } }
	return d.faults.change(true, write(data), write(data[:len(data)/2]))
}

func (d *faultyDisk) Rename(from, to string) error {
	return d.faults.change(false, func() error { return d.Disk.Rename(from, to) }, nothing)
}

func (d *faultyDisk) Remove(name string) error {
	return d.faults.change(false, func() error { return d.Disk.Remove(name) }, nothing)
}

func (d *faultyDisk) Sync(string) error { return d.faults.read() }
