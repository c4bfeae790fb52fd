package servertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

// Tmux is a terminal multiplexer: the machine's, or Debian's, unpacked into the cache. The libraries that it needs besides the machine's go into
// LD_LIBRARY_PATH; empty: none.
func Tmux(tb testing.TB) (program, libraries string) {
	tb.Helper()
	if path, err := exec.LookPath("tmux"); err == nil {
		return path, ""
	}
	root, libraries := debian(tb, "tmux", filepath.Join("usr", "bin", "tmux"), "tmux", "libevent-core-2.1-7", "libutempter0")
	return filepath.Join(root, "usr", "bin", "tmux"), libraries
}

// debian is a folder of the cache that holds what packages of Debian would install, and the folders of their libraries, with colons between.
// Nothing is installed: a program in it is what tells that they are there already.
func debian(tb testing.TB, name, program string, packages ...string) (root, libraries string) {
	tb.Helper()
	dir := filepath.Join(folder(tb), name)
	guard := flock.New(dir + ".lock")
	if err := guard.Lock(); err != nil {
		tb.Fatal(err)
	}
	defer guard.Close()
	if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
		unpack(tb, dir, packages...)
	}
	found, err := filepath.Glob(filepath.Join(dir, "usr", "lib", "*"))
	if err != nil {
		tb.Fatal(err)
	}
	return dir, strings.Join(found, ":")
}

// unpack takes packages of Debian apart into a folder. apt checks them against the signed lists, which are fetched into a folder of our own.
func unpack(tb testing.TB, dir string, names ...string) {
	tb.Helper()
	fresh := dir + ".new"
	packages := filepath.Join(fresh, "packages")
	for _, path := range []string{filepath.Join(fresh, "lists", "partial"), filepath.Join(fresh, "cache", "archives", "partial"), packages} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	options := []string{"-q", "-o", "Dir::State::lists=" + filepath.Join(fresh, "lists"), "-o", "Dir::Cache=" + filepath.Join(fresh, "cache"), "-o", "APT::Sandbox::User="}
	run(tb, packages, "apt-get", slices.Concat(options, []string{"update"})...)
	run(tb, packages, "apt-get", slices.Concat(options, []string{"download"}, names)...)
	found, err := filepath.Glob(filepath.Join(packages, "*.deb"))
	if err != nil {
		tb.Fatal(err)
	}
	root := filepath.Join(fresh, "root")
	for _, deb := range found {
		run(tb, packages, "dpkg-deb", "-x", deb, root)
	}
	if err := os.Rename(root, dir); err != nil {
		tb.Fatal(err)
	}
	if err := os.RemoveAll(fresh); err != nil {
		tb.Fatal(err)
	}
}
