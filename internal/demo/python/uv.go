package python

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"chrononctl/internal/demo/locks"
)

// uvWant is what pip needs to install uv: nearly any Python.
var uvWant = Want{For: "uv", Minors: []string{"3.12", "3.13", "3.11", "3.10", "3.14"}}

// uv returns the path of the uv that its lock file names, and installs it first where needed. A uv on PATH is taken only where that
// is impossible, because its version may be any.
func (s *Store) uv(ctx context.Context) (string, error) {
	lock, err := locks.Get("uv")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(s.Dir, "tools", "uv-"+lock.Digest())
	uv := filepath.Join(dir, "bin", "uv")
	_, err = s.build(ctx, dir, func(ctx context.Context) error { return s.installUV(ctx, dir, lock) })
	if err == nil || ctx.Err() != nil {
		return uv, err
	}
	if onPath := s.onPath("uv"); len(onPath) > 0 {
		s.progress("taking %s, for the pinned one cannot be installed: %v", onPath[0], err)
		return onPath[0], nil
	}
	return "", err
}

func (s *Store) installUV(ctx context.Context, dir string, lock locks.Lock) error {
	interpreter, err := s.Find(ctx, uvWant)
	if err != nil {
		return err
	}
	s.progress("installing uv with %s", interpreter)
	if err := s.run(ctx, "uv", s.Environ, interpreter.Path, "-m", "venv", dir); err != nil {
		return err
	}
	requirements, err := writeLock(dir, lock)
	if err != nil {
		return err
	}
	return s.run(ctx, "uv", s.Environ, filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet",
		"--disable-pip-version-check", "--require-hashes", "--requirement", requirements)
}

// writeLock puts the lock file into the environment that is made from it, where people can see it.
func writeLock(dir string, lock locks.Lock) (string, error) {
	path := filepath.Join(dir, "requirements.txt")
	return path, os.WriteFile(path, lock.Text, 0o644)
}

// Fetch lets uv download an interpreter of the most wanted version into the store. It needs the network on first use, and not
// every network lets it through: the builds come from GitHub.
func (s *Store) Fetch(ctx context.Context, want Want) (Interpreter, error) {
	if len(want.Minors) == 0 {
		return Interpreter{}, fmt.Errorf("fetch a Python for %s: no version is wanted", want.For)
	}
	minor := want.Minors[0]
	uv, err := s.uv(ctx)
	if err != nil {
		return Interpreter{}, fmt.Errorf("fetch Python %s: %w", minor, err)
	}
	s.progress("fetching Python %s with uv", minor)
	err = s.run(ctx, "Python "+minor, s.uvEnviron(ctx), uv, "python", "install", "--no-progress", "--no-bin",
		"--install-dir", s.pythonsDir(), minor)
	if err != nil {
		return Interpreter{}, err
	}
	return s.Find(ctx, want)
}

// uvEnviron is the environment that uv runs in: the store's own, and what pip is configured with in the terms of uv, because a
// machine behind a mirror or a proxy with its own certificate is often set up for pip alone. What is set for uv stays as it is.
func (s *Store) uvEnviron(ctx context.Context) []string {
	added := map[string]string{}
	config, err := s.pipConfig(ctx)
	if err == nil {
		added = uvSettings(config, isDir)
	}
	if s.getenv("UV_NATIVE_TLS") == "" {
		// uv trusts its own list of certificate authorities unless told to trust the machine's, as pip does.
		added["UV_SYSTEM_CERTS"] = "true"
	}
	environ := slices.Clone(s.Environ)
	for _, name := range slices.Sorted(maps.Keys(added)) {
		if s.getenv(name) == "" {
			environ = append(environ, name+"="+added[name])
		}
	}
	return environ
}

// pipConfig asks the pip beside uv what it is configured with, from files and environment alike.
func (s *Store) pipConfig(ctx context.Context) (map[string]string, error) {
	lock, err := locks.Get("uv")
	if err != nil {
		return nil, err
	}
	pip := filepath.Join(s.Dir, "tools", "uv-"+lock.Digest(), "bin", "python")
	if !isExecutable(pip) {
		return nil, errors.New("no pip beside uv")
	}
	cmd := exec.CommandContext(ctx, pip, "-m", "pip", "config", "list")
	cmd.Env, cmd.Dir = s.Environ, s.Dir
	out, err := cmd.Output()
	if err != nil {
		return nil, explain(err)
	}
	return parsePipConfig(string(out)), nil
}

// parsePipConfig reads the lines of `pip config list`, such as global.index-url='https://…' and :env:.cert='…'. As in pip, the
// section of the install command wins over the global one, and the environment over both.
func parsePipConfig(text string) map[string]string {
	sections := []string{"global", "install", ":env:"}
	config, rank := map[string]string{}, map[string]int{}
	for line := range strings.SplitSeq(text, "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		dot := strings.LastIndex(name, ".")
		if dot < 0 {
			continue
		}
		section, key := slices.Index(sections, name[:dot]), name[dot+1:]
		if section < 0 || section < rank[key] {
			continue
		}
		// Several values stand in one, divided by line breaks, which pip prints escaped.
		values := strings.Fields(strings.ReplaceAll(strings.Trim(value, `'"`), `\n`, " "))
		config[key], rank[key] = strings.Join(values, " "), section
	}
	return config
}

// uvSettings says pip's settings in uv's variables. A certificate may be a file or a folder.
func uvSettings(pip map[string]string, isDir func(string) bool) map[string]string {
	uv := map[string]string{}
	for key, variable := range map[string]string{
		"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "trusted-host": "UV_INSECURE_HOST",
		"default-timeout": "UV_HTTP_TIMEOUT", "timeout": "UV_HTTP_TIMEOUT", "proxy": "ALL_PROXY",
	} {
		if pip[key] != "" {
			uv[variable] = pip[key]
		}
	}
	if cert := pip["cert"]; cert != "" && isDir(cert) {
		uv["SSL_CERT_DIR"] = cert
	} else if cert != "" {
		uv["SSL_CERT_FILE"] = cert
	}
	if links := pip["find-links"]; links != "" {
		uv["UV_FIND_LINKS"] = strings.ReplaceAll(links, " ", ",")
	}
	if on := strings.ToLower(pip["no-index"]); on == "1" || on == "true" || on == "yes" || on == "on" {
		uv["UV_NO_INDEX"] = "1"
	}
	return uv
}
