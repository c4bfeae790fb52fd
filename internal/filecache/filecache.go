// Package filecache keeps what is expensive to make again as files in a folder, under keys that name their content.
//
// Nothing depends on it. The folder may be removed, damaged, made read-only or shared by several processes at any time: an entry begins with the
// SHA-256 of the rest, is placed by rename, and counts as missing when the two do not fit. What could not be kept is made again the next time.
package filecache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Folder is a cache in a folder of the file system. It is made when something is put into it.
type Folder struct {
	Dir   string
	Clock func() time.Time // for the age of entries; nil: none is ever too old
}

// MaxAge is how long an entry may lie without being asked for, until [Folder.Sweep] removes it.
const MaxAge = 14 * 24 * time.Hour

// touchAfter is how old the mark of the last use may be: not each use has to write.
const touchAfter = 24 * time.Hour

// Get returns the entry of a key, if it is there and whole.
func (f Folder) Get(key string) ([]byte, bool) {
	if !isKey(key) {
		return nil, false
	}
	file := filepath.Join(f.Dir, key)
	entry, err := os.ReadFile(file)
	if err != nil || len(entry) < sha256.Size {
		return nil, false
	}
	sum := sha256.Sum256(entry[sha256.Size:])
	if !bytes.Equal(sum[:], entry[:sha256.Size]) {
		return nil, false
	}
	if info, err := os.Stat(file); err == nil && f.Clock != nil && f.Clock().Sub(info.ModTime()) > touchAfter {
		_ = os.Chtimes(file, f.Clock(), f.Clock()) // a folder that cannot be written to keeps what it has
	}
	return entry[sha256.Size:], true
}

// Put keeps an entry if it can.
func (f Folder) Put(key string, data []byte) {
	if !isKey(key) || os.MkdirAll(f.Dir, 0o700) != nil {
		return
	}
	sum := sha256.Sum256(data)
	file, err := os.CreateTemp(f.Dir, "new-")
	if err != nil {
		return
	}
	defer os.Remove(file.Name()) // it is gone when all went well
	_, err = file.Write(append(sum[:], data...))
	// Nothing waits for the disk: what a crash tears does not fit its sum.
	if errors.Join(err, file.Close()) == nil {
		_ = os.Rename(file.Name(), filepath.Join(f.Dir, key))
	}
}

// Sweep removes the entries that nothing asked for within MaxAge, and what a killed process left behind.
func (f Folder) Sweep() {
	entries, err := os.ReadDir(f.Dir)
	if err != nil || f.Clock == nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && f.Clock().Sub(info.ModTime()) > MaxAge {
			_ = os.Remove(filepath.Join(f.Dir, entry.Name()))
		}
	}
}

// isKey says whether a key is one: lower-case hex digits, and thereby a file name that leads nowhere else.
func isKey(key string) bool {
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return key != ""
}
