package locks_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"chrononctl/internal/demo/locks"
)

func TestLocksNameVersionsAndHashesAndNoIndex(t *testing.T) {
	t.Parallel()
	requirement := regexp.MustCompile(`^[A-Za-z0-9._-]+(\[[^]]+\])?==[^ ]+`)
	for _, name := range locks.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lock, err := locks.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(lock.Text), "://") {
				t.Error("the lock file holds an address; resolve it with --no-emit-index-url")
			}
			entries := 0
			for entry := range strings.SplitSeq(strings.ReplaceAll(string(lock.Text), "\\\n", ""), "\n") {
				if trimmed := strings.TrimSpace(entry); trimmed == "" || strings.HasPrefix(trimmed, "#") {
					continue
				}
				entries++
				if !requirement.MatchString(entry) || !strings.Contains(entry, "--hash=sha256:") {
					t.Errorf("not an exact version with a hash: %.100q", entry)
				}
			}
			if entries == 0 {
				t.Error("the lock file is empty")
			}
		})
	}
}

func TestGetNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"airflow-2.11", "airflow-3.3", "uv"} {
		if !slices.Contains(locks.Names(), name) {
			t.Errorf("%s is not among %v", name, locks.Names())
		}
	}
	_, err := locks.Get("airflow-1.10")
	if err == nil || !strings.Contains(err.Error(), "airflow-3.3") {
		t.Errorf("an unknown name must list the known ones, got: %v", err)
	}
}

func TestDigestFollowsTheContent(t *testing.T) {
	t.Parallel()
	a, b := locks.Lock{Name: "a", Text: []byte("x")}, locks.Lock{Name: "b", Text: []byte("x")}
	if a.Digest() != b.Digest() || len(a.Digest()) != 12 {
		t.Errorf("digests %q and %q of the same bytes", a.Digest(), b.Digest())
	}
	if changed := (locks.Lock{Name: "a", Text: []byte("y")}); changed.Digest() == a.Digest() {
		t.Error("other bytes, same digest")
	}
}
