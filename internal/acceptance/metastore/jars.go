package metastore

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the two files below
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

//go:embed pom.xml
var pom []byte

//go:embed jars.lock
var lock []byte

// jar is a line of jars.lock, which sha256sum understands too.
type jar struct {
	sum  string // SHA-256 in hexadecimal digits
	path string // slash path in the layout of a Maven repository
}

// locked reads jars.lock.
func locked() ([]jar, error) {
	var jars []jar
	for line := range strings.Lines(string(lock)) {
		sum, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !found || len(sum) != 2*sha256.Size || !filepath.IsLocal(path) {
			return nil, fmt.Errorf("jars.lock: %q is not a sum and a path", line)
		}
		jars = append(jars, jar{sum, path})
	}
	return jars, nil
}

// fetch returns the paths of the jars in the order of jars.lock. They are checked each time, so that what lies in the cache cannot differ
// from what was locked.
func fetch(ctx context.Context, options Options) ([]string, error) {
	jars, err := locked()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(lock)
	dir := filepath.Join(options.Cache, "metastore", hex.EncodeToString(digest[:])[:12])
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	guarded := flock.New(dir + ".lock")
	if _, err := guarded.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another process that fetches the jars: %w", err)
	}
	defer guarded.Close()
	paths, err := check(dir, jars)
	if err == nil {
		return paths, nil
	}
	if options.Progress != nil {
		options.Progress(fmt.Sprintf("fetching the %d jars of the Hive metastore with Maven", len(jars)))
	}
	if err := errors.Join(os.RemoveAll(dir), resolve(ctx, dir)); err != nil {
		return nil, err
	}
	return check(dir, jars)
}

// check returns the paths of all jars, or says which one is not what was locked.
func check(dir string, jars []jar) ([]string, error) {
	paths := make([]string, len(jars))
	for i, jar := range jars {
		paths[i] = filepath.Join(dir, filepath.FromSlash(jar.path))
		sum, err := digestOf(paths[i])
		if err != nil {
			return nil, err
		}
		if sum != jar.sum {
			return nil, fmt.Errorf("%s has the SHA-256 sum %s, and jars.lock wants %s", paths[i], sum, jar.sum)
		}
	}
	return paths, nil
}

func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// resolve lets Maven copy what the pom names into dir, in the layout of a repository, so that no two jars can share a name.
func resolve(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp("", "metastore-pom-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	file := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "mvn", "-B", "-q", "-f", file, "dependency:copy-dependencies", "-DincludeScope=runtime",
		"-Dmdep.useRepositoryLayout=true", "-DoutputDirectory="+dir)
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = work, &output, &output, 5*time.Second
	if err := cmd.Run(); err != nil {
		text := bytes.TrimSpace(output.Bytes())
		return fmt.Errorf("mvn dependency:copy-dependencies: %w\n%s", err, text[max(0, len(text)-2000):])
	}
	return nil
}
