package filecache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const key = "00ff"

func wantEntry(t *testing.T, f Folder, want string) {
	t.Helper()
	if got, ok := f.Get(key); !ok || string(got) != want {
		t.Errorf("the entry is %q (%v), want %q", got, ok, want)
	}
}

func wantNone(t *testing.T, f Folder, key string) {
	t.Helper()
	if got, ok := f.Get(key); ok {
		t.Errorf("there is an entry %q", got)
	}
}

func TestWhatWasPutIsThere(t *testing.T) {
	t.Parallel()
	f := Folder{Dir: filepath.Join(t.TempDir(), "not", "there", "yet")}
	wantNone(t, f, key)
	f.Put(key, []byte("x"))
	wantEntry(t, f, "x")
	f.Put(key, nil)
	wantEntry(t, f, "")
	entries, err := os.ReadDir(f.Dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
}

func TestADamagedEntryIsNone(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"cut":            func(e []byte) []byte { return e[:len(e)-1] },
		"one bit":        func(e []byte) []byte { e[len(e)-1] ^= 1; return e },
		"its sum":        func(e []byte) []byte { e[0] ^= 1; return e },
		"longer":         func(e []byte) []byte { return append(e, 'x') },
		"empty":          func([]byte) []byte { return nil },
		"something else": func([]byte) []byte { return bytes.Repeat([]byte("x"), 100) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := Folder{Dir: t.TempDir()}
			f.Put(key, []byte("whole"))
			file := filepath.Join(f.Dir, key)
			entry, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(entry), 0o600); err != nil {
				t.Fatal(err)
			}
			wantNone(t, f, key)
			f.Put(key, []byte("again"))
			wantEntry(t, f, "again")
		})
	}
}

func TestAFolderThatCannotBeUsedIsNoError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/nothing/here"} {
		f := Folder{Dir: dir, Clock: time.Now}
		f.Put(key, []byte("x"))
		wantNone(t, f, key)
		f.Sweep()
	}
}

func TestAKeyLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	f := Folder{Dir: filepath.Join(t.TempDir(), "cache")}
	for _, key := range []string{"", "../x", "a/b", "AB", "x", ".", "00\x00"} {
		f.Put(key, []byte("x"))
		wantNone(t, f, key)
	}
	if entries, err := os.ReadDir(filepath.Dir(f.Dir)); err != nil || len(entries) != 0 {
		t.Errorf("something was written: %v (%v)", entries, err)
	}
}

// TestManyAtOnce has readers and writers, as several processes would be, work on the same few entries: each reader sees a whole entry or none.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			f := Folder{Dir: dir}
			for i := range 50 {
				key := fmt.Sprintf("%02x", i%5)
				f.Put(key, bytes.Repeat([]byte(key), 5000))
				if got, ok := f.Get(key); ok && !bytes.Equal(got, bytes.Repeat([]byte(key), 5000)) {
					t.Errorf("the entry of %s holds something else", key)
				}
			}
		})
	}
	group.Wait()
}

func TestWhatIsNotAskedForGoes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	f := Folder{Dir: t.TempDir(), Clock: func() time.Time { return now }}
	f.Put("00", []byte("used"))
	f.Put("01", []byte("idle"))
	now = now.Add(MaxAge - time.Hour)
	if _, ok := f.Get("00"); !ok {
		t.Fatal("an entry is gone already")
	}
	now = now.Add(2 * time.Hour)
	f.Sweep()
	wantNone(t, f, "01")
	if _, ok := f.Get("00"); !ok {
		t.Error("what was used is gone")
	}
}
