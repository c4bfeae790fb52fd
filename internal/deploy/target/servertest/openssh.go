package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// SSH is a running sshd with one account, that of the test or, for root, nobody's.
type SSH struct {
	Config string // a client's configuration file that knows the server's key and the account's, for the host "server"

	uid, gid int
}

// StartSSH starts an OpenSSH server with its own sftp subsystem.
func StartSSH(tb testing.TB) SSH {
	tb.Helper()
	program, libraries := sshd(tb)
	server, account := whoServes(tb)
	dir := reachable(tb)
	for _, key := range []string{"host", "client"} {
		run(tb, dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", key)
	}
	port := freePort(tb)
	server.Config = filepath.Join(tb.TempDir(), "ssh_config")
	write(tb, filepath.Join(dir, "sshd_config"), fmt.Sprintf(`ListenAddress 127.0.0.1
Port %s
HostKey %[2]s/host
AuthorizedKeysFile %[2]s/client.pub
PidFile none
UsePAM %[3]s
StrictModes no
MaxStartups 100
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
`, port, dir, pam()))
	hostKey, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		tb.Fatal(err)
	}
	known := filepath.Join(filepath.Dir(server.Config), "known_hosts")
	write(tb, known, "["+"127.0.0.1]:"+port+" "+string(hostKey))
	client := filepath.Join(filepath.Dir(server.Config), "client") // ssh refuses a key that others may read
	copyKey(tb, filepath.Join(dir, "client"), client)
	write(tb, server.Config, fmt.Sprintf("Host server\n HostName 127.0.0.1\n Port %s\n User %s\n IdentityFile %s\n IdentitiesOnly yes\n UserKnownHostsFile %s\n", port, account, client, known))
	server.own(tb, dir)
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), program, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries)
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(server.uid), Gid: uint32(server.gid)}}
	}
	start(tb, command, port)
	return server
}

// pam is the account check of a server that may not read the system's passwords: without PAM, nobody's account counts as locked then.
func pam() string {
	if os.Geteuid() == 0 {
		return "yes"
	}
	return "no"
}

// Folder makes a folder that the account of the server may write to.
func (s SSH) Folder(tb testing.TB) string {
	tb.Helper()
	dir := reachable(tb)
	s.own(tb, dir)
	return dir
}

// MakeFolder makes a folder that the account of the server owns.
func (s SSH) MakeFolder(tb testing.TB, dir string) {
	tb.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	s.own(tb, dir)
}

// own gives a folder and what is in it to the account of the server.
func (s SSH) own(tb testing.TB, dir string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, s.uid, s.gid)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// reachable makes a temporary folder below folders that everybody may enter, which those of testing are not always.
func reachable(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "chrononctl-ssh-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// whoServes is the test's own account. Root's would need an account and a folder of the system that only an installed sshd has.
func whoServes(tb testing.TB) (SSH, string) {
	tb.Helper()
	find := user.Current
	if os.Geteuid() == 0 {
		find = func() (*user.User, error) { return user.Lookup("nobody") }
	}
	who, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		tb.Fatal(err)
	}
	return SSH{uid: uid, gid: gid}, who.Username
}

// sshd finds the server and a folder of libraries that it needs besides the machine's.
func sshd(tb testing.TB) (program, libraries string) {
	tb.Helper()
	for _, path := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"} {
		if _, err := os.Stat(path); err == nil {
			return path, ""
		}
	}
	root, libraries := debian(tb, "openssh", filepath.Join("usr", "sbin", "sshd"), "openssh-server", "libwrap0")
	return filepath.Join(root, "usr", "sbin", "sshd"), libraries
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
}

func copyKey(tb testing.TB, from, to string) {
	tb.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}
