package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pkg/sftp"

	"chrononctl/internal/deploy/target"
)

const (
	// idleFor is how long an unused connection stays open: as long as an engine thinks between two operations.
	idleFor = 10 * time.Second
	// maxWords bounds what is kept of what ssh says on standard error.
	maxWords = 4 << 10
)

// needs are the extensions without which a write is not whole or a lock is none.
var needs = [...]string{"posix-rename@openssh.com", "fsync@openssh.com", "hardlink@openssh.com"}

// wire is the connection to the other machine. It is opened when it is needed, and safe for concurrent use.
type wire struct {
	host string
	argv []string

	mutex sync.Mutex
	open  *connection
}

// connection is a running ssh.
type connection struct {
	client *sftp.Client
	users  int         // operations that have it in hand
	idle   *time.Timer // runs while there is none
	end    func()      // closes the pipes, which ends ssh, and takes its exit status; more than once is nothing to do
}

func newWire(opts Options) *wire {
	argv := []string{"ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=2"}
	if opts.Config != "" {
		argv = append(argv, "-F", opts.Config)
	}
	if opts.Port != 0 {
		argv = append(argv, "-p", strconv.Itoa(opts.Port))
	}
	if opts.User != "" {
		argv = append(argv, "-l", opts.User)
	}
	return &wire{host: opts.Host, argv: append(argv, "-s", "--", opts.Host, "sftp")}
}

// disk is a folder over the connection.
func (w *wire) disk(root string) (target.Disk, error) {
	client, release, err := w.take()
	if err != nil {
		return nil, err
	}
	return disk{client: client, wire: w, root: root, release: release}, nil
}

// take hands out the connection, a new one where there is none or the old one broke, until release is called.
func (w *wire) take() (client *sftp.Client, release func(), err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.open == nil {
		opened, err := w.dial()
		if err != nil {
			return nil, nil, err
		}
		w.open = opened
		go func() {
			_ = opened.client.Wait() // whatever ended it, the next operation connects again
			w.drop(opened)
		}()
	}
	held := w.open
	held.users++
	if held.idle != nil {
		held.idle.Stop()
	}
	return held.client, sync.OnceFunc(func() { w.giveBack(held) }), nil
}

func (w *wire) giveBack(held *connection) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	held.users--
	if held.users == 0 {
		held.idle = time.AfterFunc(idleFor, func() { w.hangUp(held) })
	}
}

// hangUp ends a connection that nothing used for a while.
func (w *wire) hangUp(idle *connection) {
	w.mutex.Lock()
	unused := idle.users == 0
	if unused && w.open == idle {
		w.open = nil
	}
	w.mutex.Unlock()
	if unused {
		idle.end()
	}
}

// drop forgets a connection that ended by itself.
func (w *wire) drop(ended *connection) {
	w.mutex.Lock()
	if w.open == ended {
		w.open = nil
	}
	w.mutex.Unlock()
	ended.end()
}

func (w *wire) dial() (*connection, error) {
	command := exec.CommandContext(context.Background(), w.argv[0], w.argv[1:]...) // it serves more than one operation
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                      // Ctrl-C is for the deploy, which still has to clean up over this connection
	said := &tail{}
	command.Stderr = said
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, &NoSSHError{}
		}
		return nil, fmt.Errorf("start ssh: %w", err)
	}
	client, err := sftp.NewClientPipe(out, in)
	if err != nil {
		_ = in.Close()
		_ = command.Wait() // its exit code is 255 in any case; what it said tells more
		return nil, w.refused(said.String(), err)
	}
	opened := &connection{client: client, end: sync.OnceFunc(func() {
		_ = client.Close()
		_ = command.Wait()
	})}
	for _, extension := range needs {
		if _, ok := client.HasExtension(extension); !ok {
			opened.end()
			return nil, &NotOpenSSHError{Host: w.host, Extension: extension}
		}
	}
	return opened, nil
}

// refused explains a connection that did not come about by what ssh said.
func (w *wire) refused(words string, err error) error {
	if words != "" {
		err = errors.New(words)
	}
	lower := strings.ToLower(words)
	for sign, advice := range map[string]string{
		"permission denied":            "check with `ssh " + w.host + "` that you can sign in there without being asked: load your key into ssh-agent, or name it in ~/.ssh/config",
		"host key verification failed": "sign in once with `ssh " + w.host + "` and compare the host's key, or add it to ~/.ssh/known_hosts",
		"subsystem request failed":     "enable the sftp subsystem in the server's sshd_config",
	} {
		if strings.Contains(lower, sign) {
			return &target.DeniedError{Target: "sftp " + w.host, Doing: "connect", Cause: err, Advice: advice}
		}
	}
	return &target.UnreachableError{Target: "sftp " + w.host, Cause: err}
}

// explain gives an error of the protocol the type that a caller decides by. A file that is not there stays fs.ErrNotExist.
func (w *wire) explain(doing string, err error) error {
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, fs.ErrPermission):
		return &target.DeniedError{Target: "sftp " + w.host, Doing: doing, Cause: err, Advice: "check the rights of the account on the folder of the target and on its state folder"}
	case errors.Is(err, sftp.ErrSSHFxConnectionLost), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return &target.UnreachableError{Target: "sftp " + w.host, Cause: fmt.Errorf("%s: the connection broke: %w", doing, err)}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// NoSSHError says that there is no ssh to connect with.
type NoSSHError struct{}

func (e *NoSSHError) Error() string { return "sftp target: the program ssh is not installed" }

// Hint says what to do about it.
func (e *NoSSHError) Hint() string { return "install OpenSSH's client" }

// NotOpenSSHError says that a server lacks what a safe deploy needs. Nothing was written.
type NotOpenSSHError struct {
	Host, Extension string
}

func (e *NotOpenSSHError) Error() string {
	return fmt.Sprintf("sftp %s: the server lacks %s, without which a file could be seen half written or two deploys could run at once", e.Host, e.Extension)
}

// Hint says what to do about it.
func (e *NotOpenSSHError) Hint() string {
	return "use OpenSSH's own server, or another kind of target"
}

// tail keeps the beginning of what ssh says on standard error, on one line. It is written by one goroutine and read after ssh ended.
type tail struct{ buffer bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := maxWords - t.buffer.Len(); room > 0 {
		t.buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string {
	return strings.Join(strings.Fields(t.buffer.String()), " ")
}
