// Package command drives deploy targets that only a tool of one's own can reach: it is handed a finished folder, and its exit status says whether it took it.
//
// The driver keeps a local copy of what the tool took last, and that copy is what the target is said to hold. Publishing makes the next folder as a whole, runs the tool with
// it, and makes it the copy when the tool ends with status 0. Whatever the tool does in between, Airflow is asked afterwards: verification needs no target.
//
// A tool that failed, or that was killed with the program, may have done some of its work or all of it, and only Airflow could tell. So the next publication, by a rollback or by the
// next deploy, hands it what the copy holds even when no file changes.
//
// The copy and the state lie in one local folder, so that deploys of one target belong on one machine, or on one shared file system.
package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"chrononctl/internal/deploy/target"
)

const (
	// folderMark is the element of the command line, or the part of one, in whose place the finished folder comes.
	folderMark = "{folder}"
	// handedMark is the file beside the copy that says that the tool was handed a folder which the copy may not hold.
	handedMark = "handed"
	// maxWords bounds what is kept of what the tool printed, for the error.
	maxWords = 4 << 10
)

// Options say how a target is reached. Argv and State are needed.
type Options struct {
	Name  string   // for people; default: the program's name
	Argv  []string // the program and its arguments, without a shell; "{folder}" is the finished folder
	State string   // a local folder for the copy, manifests, lock and contents; made when it is missing
}

// Driver is a target behind a tool.
type Driver struct {
	name  string
	argv  []string
	state string
	local *target.Dir // the copy, with the state
}

var _ target.Target = (*Driver)(nil)

// New describes a target, and makes its local folder.
func New(opts Options) (*Driver, error) {
	if len(opts.Argv) == 0 || opts.Argv[0] == "" {
		return nil, errors.New("command target: no program")
	}
	if !slices.ContainsFunc(opts.Argv[1:], func(arg string) bool { return strings.Contains(arg, folderMark) }) {
		return nil, &NoFolderArgumentError{Program: opts.Argv[0]}
	}
	if opts.State == "" {
		return nil, errors.New("command target: no state folder")
	}
	if opts.Name == "" {
		opts.Name = filepath.Base(opts.Argv[0])
	}
	state, err := filepath.Abs(opts.State)
	if err != nil {
		return nil, fmt.Errorf("command target %s: %w", opts.Name, err)
	}
	taken := filepath.Join(state, "taken")
	if err := os.MkdirAll(taken, 0o755); err != nil {
		return nil, fmt.Errorf("command target %s: %w", opts.Name, err)
	}
	local, err := target.NewDir(target.DirOptions{Path: taken, State: filepath.Join(state, "state")})
	if err != nil {
		return nil, fmt.Errorf("command target %s: %w", opts.Name, err)
	}
	return &Driver{name: "command " + opts.Name, argv: opts.Argv, state: state, local: local}, nil
}

// NoFolderArgumentError says that the command line has no place for the finished folder.
type NoFolderArgumentError struct{ Program string }

func (e *NoFolderArgumentError) Error() string {
	return fmt.Sprintf("command target: the arguments of %s have no %s", e.Program, folderMark)
}

// Hint says what to do about it.
func (e *NoFolderArgumentError) Hint() string {
	return "write " + folderMark + " where the tool expects the folder with the DAG files"
}

func (d *Driver) String() string { return d.name }

// Capabilities implements [target.Target].
func (d *Driver) Capabilities() target.Capabilities {
	return target.Capabilities{AtomicBatch: true, Hashes: true, Writers: 1}
}

// DAGs implements [target.Target].
func (d *Driver) DAGs() target.Reader { return d.local.DAGs() }

// State implements [target.Target].
func (d *Driver) State() target.Reader { return d.local.State() }

// Holder implements [target.Target].
func (d *Driver) Holder(ctx context.Context) (target.Owner, error) { return d.local.Holder(ctx) }

// Break implements [target.Target].
func (d *Driver) Break(ctx context.Context, id string) error { return d.local.Break(ctx, id) }

// Lock implements [target.Target].
func (d *Driver) Lock(ctx context.Context, owner target.Owner) (target.Session, error) {
	parts, err := d.local.Parts(ctx, owner)
	if err != nil {
		return nil, err
	}
	b := &batch{
		driver: d, local: parts,
		dags:  target.NewOverlay(d.local.DAGs(), version),
		state: target.NewOverlay(d.local.State(), version),
	}
	if _, err := os.Stat(d.handed()); err == nil {
		b.unsure = true
	}
	parts.DAGs, parts.State, parts.Publish, parts.Discard = b.dags, b.state, b.publish, b.discard
	return target.NewSession(parts), nil
}

// version is the one that a dir target gives to a content.
func version(data []byte) target.Version {
	sum := sha256.Sum256(data)
	return target.Version(hex.EncodeToString(sum[:]))
}

// batch keeps the writes of a session until they are published.
type batch struct {
	driver      *Driver
	local       target.SessionParts // of the copy
	dags, state *target.Overlay

	unsure bool // the tool may have put in place what the copy does not hold, and was not asked to put that right yet
}

func (d *Driver) handed() string { return filepath.Join(d.state, handedMark) }

func (b *batch) discard() {
	b.dags.Empty()
	b.state.Empty()
}

// publish runs the tool if a DAG file changed, and keeps what it took; the state is ours alone, and where no file changed it is kept whatever
// becomes of an earlier failure of the tool.
func (b *batch) publish(ctx context.Context, _ string) error {
	var failed error
	switch changes := b.dags.Changes(); {
	case len(changes) > 0:
		b.unsure = true
		if err := b.hand(ctx, changes); err != nil {
			return fmt.Errorf("publish to %s: %w", b.driver, err)
		}
		b.unsure = false
	case b.unsure:
		b.unsure = false // once: a tool that fails again is left to the next session
		failed = b.hand(ctx, nil)
	}
	err := replay(ctx, b.local.State, b.state.Changes())
	if err == nil {
		b.discard()
	}
	if err = errors.Join(failed, err); err != nil {
		return fmt.Errorf("publish to %s: %w", b.driver, err)
	}
	return nil
}

// hand gives the tool the copy with changes, and keeps what it took.
func (b *batch) hand(ctx context.Context, changes []target.Change) error {
	next := filepath.Join(b.driver.state, "next")
	err := b.driver.finish(next, changes)
	if err == nil {
		err = os.WriteFile(b.driver.handed(), nil, 0o644)
	}
	if err == nil {
		err = b.driver.run(ctx, next)
	}
	if err = errors.Join(err, os.RemoveAll(next)); err != nil {
		return err
	}
	if err := errors.Join(replay(ctx, b.local.DAGs, changes), os.Remove(b.driver.handed())); err != nil {
		return fmt.Errorf("the tool took the folder, but the copy of it could not be kept: %w", err)
	}
	return nil
}

// finish makes the folder that the tool gets: the copy with the changes.
func (d *Driver) finish(next string, changes []target.Change) error {
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.CopyFS(next, os.DirFS(d.local.Path())); err != nil {
		return err
	}
	for _, change := range changes {
		name := filepath.Join(next, filepath.FromSlash(change.Path))
		if change.Removed {
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, change.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// run hands the folder to the tool.
func (d *Driver) run(ctx context.Context, folder string) error {
	argv := make([]string, len(d.argv))
	for i, arg := range d.argv {
		argv[i] = strings.ReplaceAll(arg, folderMark, folder)
	}
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the deploy, which then ends the tool with all that it started
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return &FailedError{Program: argv[0], Status: exit.ExitCode(), Words: last(said.String())}
	}
	return errors.Join(err, ctx.Err())
}

// last is the end of what a tool printed, where the reason usually is.
func last(said string) string {
	said = strings.TrimSpace(said)
	if len(said) > maxWords {
		said = said[len(said)-maxWords:]
	}
	return strings.ToValidUTF8(said, "?")
}

// FailedError says that the tool ended with another status than 0. It may have done some of its work.
type FailedError struct {
	Program string
	Status  int    // below zero: ended by a signal
	Words   string // the end of what it printed
}

func (e *FailedError) Error() string {
	text := fmt.Sprintf("%s ended with status %d", e.Program, e.Status)
	if e.Words != "" {
		text += ":\n" + e.Words
	}
	return text
}

// replay writes changes that were published to the copy.
func replay(ctx context.Context, to target.Writer, changes []target.Change) error {
	for _, change := range changes {
		var err error
		if change.Removed {
			err = to.Remove(ctx, change.Path, change.Replaces)
		} else {
			_, err = to.Write(ctx, change.Path, change.Data, change.Replaces)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
