// Package locks holds the lock files of every Python environment that the demo and the tests install.
//
// Each NAME.txt names exact versions with the hashes of their files, for Python 3.10 and newer, and no index address: where
// packages come from is the business of the machine's own pip and uv configuration. NAME.in is what it was resolved from:
//
//	uv pip compile --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.10 NAME.in -o NAME.txt
//
// Airflow is resolved without its constraint files, which name one Python version each. For the newest releases the upper bound on
// SQLAlchemy does what matters of them; the oldest that are supported, 2.6 and 3.0, are resolved as of a day soon after their release,
// which their NAME.in names, so that they meet the libraries of their time. PostgreSQL comes as a wheel too, because Airflow 3 with several processes soon finds an SQLite file locked.
package locks

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.txt
var files embed.FS

// Lock is one lock file: everything that an environment consists of.
type Lock struct {
	Name string // "airflow-3.3"; the file is Name.txt
	Text []byte // requirements with hashes, in pip's format
}

// Digest identifies the content in 12 hexadecimal digits. Two locks with one digest make the same environment.
func (l Lock) Digest() string {
	sum := sha256.Sum256(l.Text)
	return hex.EncodeToString(sum[:])[:12]
}

// Get returns the lock file of that name, without its suffix.
func Get(name string) (Lock, error) {
	text, err := files.ReadFile(name + ".txt")
	if err != nil {
		return Lock{}, fmt.Errorf("no lock file %q, there are: %s", name, strings.Join(Names(), ", "))
	}
	return Lock{Name: name, Text: text}, nil
}

// Join makes one lock of several, for an environment that holds the packages of all of them.
func Join(name string, parts ...Lock) Lock {
	joined := Lock{Name: name}
	for _, part := range parts {
		joined.Text = append(joined.Text, part.Text...)
	}
	return joined
}

// Names lists the lock files in alphabetical order.
func Names() []string {
	paths, err := fs.Glob(files, "*.txt")
	if err != nil { // the pattern is a constant and valid
		return nil
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".txt")
	}
	slices.Sort(paths)
	return paths
}
