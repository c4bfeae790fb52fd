package git

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"chrononctl/internal/deploy/target"
)

// buildRef is the local name under which commits are made. Nobody reads it: a commit is pushed by its id.
const buildRef = "refs/chrononctl/build"

// lockPause is how long another process's change of the cache is waited for between two looks.
const lockPause = 50 * time.Millisecond

// tips are the newest commits of refs of the remote; empty: there is no such ref.
type tips map[string]string

// update moves a ref of the remote.
type update struct {
	ref      string
	from, to string // commits; from is empty for a new ref
}

// repository is the bare repository in the cache, and what is known of the remote.
type repository struct {
	url   string
	path  string
	fresh time.Duration
	now   func() time.Time

	mutex  sync.Mutex
	known  tips
	looked map[string]time.Time // when each ref was last looked at
	trees  map[string]tree      // by commit
	made   bool
}

func newRepository(opts Options) *repository {
	sum := sha256.Sum256([]byte(opts.URL))
	repo := &repository{
		url: opts.URL, path: filepath.Join(opts.Cache, hex.EncodeToString(sum[:8])+".git"),
		fresh: opts.Fresh, now: opts.Now, known: tips{}, looked: map[string]time.Time{}, trees: map[string]tree{},
	}
	if repo.fresh == 0 {
		repo.fresh = defaultFresh
	}
	if repo.now == nil {
		repo.now = time.Now
	}
	return repo
}

// forget makes the next look a real one.
func (r *repository) forget() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	clear(r.looked)
}

// look finds the newest commits of refs, and fetches those that are not here.
func (r *repository) look(ctx context.Context, refs ...string) (tips, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !slices.ContainsFunc(refs, r.stale) {
		return r.pick(refs), nil
	}
	if err := r.make(ctx); err != nil {
		return nil, err
	}
	out, err := r.git(ctx, nil, append([]string{"ls-remote", "--", r.url}, refs...)...)
	if err != nil {
		return nil, err
	}
	found := tips{}
	for _, ref := range refs {
		found[ref] = ""
	}
	for line := range strings.Lines(string(out)) {
		if id, ref, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && slices.Contains(refs, ref) {
			found[ref] = id
		}
	}
	if err := r.fetch(ctx, found); err != nil {
		return nil, err
	}
	for ref, id := range found {
		r.learn(ref, id)
	}
	return r.pick(refs), nil
}

// stale tells that a ref was not looked at for a while, or that the clock was set back since.
func (r *repository) stale(ref string) bool {
	looked, ok := r.looked[ref]
	age := r.now().Sub(looked)
	return !ok || age < 0 || age >= r.fresh
}

func (r *repository) learn(ref, id string) {
	r.known[ref], r.looked[ref] = id, r.now()
}

func (r *repository) pick(refs []string) tips {
	out := tips{}
	for _, ref := range refs {
		out[ref] = r.known[ref]
	}
	return out
}

// make creates the bare repository. Doing it again is nothing to do.
func (r *repository) make(ctx context.Context) error {
	if r.made {
		return nil
	}
	if err := os.MkdirAll(r.path, 0o700); err != nil {
		return err
	}
	return r.locked(ctx, func() error {
		if _, err := os.Stat(filepath.Join(r.path, "HEAD")); err == nil {
			r.made = true
			return nil
		}
		_, err := r.git(ctx, nil, "init", "--quiet", "--bare")
		r.made = err == nil
		return err
	})
}

// fetch brings the newest commits that are not here. Two refs may have moved since they were listed: what came instead is what counts.
func (r *repository) fetch(ctx context.Context, found tips) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth", "1", "--", r.url}
	var refs []string
	for ref, id := range found {
		if id == "" || r.has(ctx, id) {
			continue
		}
		refs = append(refs, ref)
		args = append(args, "+"+ref+":"+localRef(ref))
	}
	if len(refs) == 0 {
		return nil
	}
	return r.locked(ctx, func() error {
		if _, err := r.git(ctx, nil, args...); err != nil {
			return err
		}
		for _, ref := range refs {
			id, err := r.git(ctx, nil, "rev-parse", "--verify", localRef(ref))
			if err != nil {
				return err
			}
			found[ref] = strings.TrimSpace(string(id))
		}
		return nil
	})
}

// localRef is where a ref of the remote is kept here.
func localRef(ref string) string { return "refs/chrononctl/" + strings.TrimPrefix(ref, "refs/") }

func (r *repository) has(ctx context.Context, id string) bool {
	_, err := r.git(ctx, nil, "cat-file", "-e", id+"^{tree}")
	return err == nil
}

// locked keeps other processes from changing the cache at the same time.
func (r *repository) locked(ctx context.Context, do func() error) error {
	lock := flock.New(r.path + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("lock the cache %s: %w", r.path, err)
	}
	return errors.Join(do(), lock.Close())
}

// tree lists the files of a commit; none for no commit.
func (r *repository) tree(ctx context.Context, commit string) (tree, error) {
	if commit == "" {
		return nil, nil
	}
	r.mutex.Lock()
	known, ok := r.trees[commit]
	r.mutex.Unlock()
	if ok {
		return known, nil
	}
	out, err := r.git(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	files := tree{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, name, ok := strings.Cut(entry, "\t")
		fields := strings.Fields(meta)
		if ok && len(fields) == 3 {
			files[name] = file{mode: fields[0], id: fields[2]}
		}
	}
	r.mutex.Lock()
	r.trees[commit] = files
	r.mutex.Unlock()
	return files, nil
}

// date is when a commit was made, by its maker's clock.
func (r *repository) date(ctx context.Context, commit string) (time.Time, error) {
	out, err := r.git(ctx, nil, "show", "--no-patch", "--format=%ct", commit)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("date of commit %s: %w", commit, err)
	}
	return time.Unix(seconds, 0), nil
}

// commit makes a commit that follows parent, or the first one of a branch, and returns its id.
func (r *repository) commit(ctx context.Context, parent, message, prefix string, changes []target.Change) (string, error) {
	if err := r.makeLocked(ctx); err != nil {
		return "", err
	}
	var id string
	err := r.locked(ctx, func() error {
		out, err := r.git(ctx, r.stream(ctx, parent, message, prefix, changes), "fast-import", "--quiet", "--force", "--done")
		id = strings.TrimSpace(string(out))
		return err
	})
	return id, err
}

func (r *repository) makeLocked(ctx context.Context) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.make(ctx)
}

// stream is the input of git fast-import: see `git help fast-import`. Paths were checked to need no quoting.
func (r *repository) stream(ctx context.Context, parent, message, prefix string, changes []target.Change) *bytes.Buffer {
	stream := &bytes.Buffer{}
	fmt.Fprintf(stream, "commit %s\nmark :1\ncommitter %s\ndata %d\n%s\n", buildRef, r.committer(ctx), len(message), message)
	if parent != "" {
		fmt.Fprintf(stream, "from %s\n", parent)
	}
	for _, c := range changes {
		if c.Removed {
			fmt.Fprintf(stream, "D %s%s\n", prefix, c.Path)
			continue
		}
		fmt.Fprintf(stream, "M 100644 inline %s%s\ndata %d\n", prefix, c.Path, len(c.Data))
		stream.Write(c.Data)
		stream.WriteByte('\n')
	}
	stream.WriteString("\nget-mark :1\ndone\n")
	return stream
}

// committer is who git says that the user is, or the program where git has no idea.
func (r *repository) committer(ctx context.Context) string {
	if out, err := r.git(ctx, nil, "var", "GIT_COMMITTER_IDENT"); err == nil {
		return strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("chrononctl <chrononctl@localhost> %d +0000", r.now().Unix())
}

// push moves refs of the remote forward, all or none. What git says about a failure is not trusted, nor its silence after a broken connection: the refs are looked at. Moved
// is a ref that somebody else has moved.
func (r *repository) push(ctx context.Context, updates []update) (moved string, err error) {
	args := []string{"push", "--quiet", "--atomic", "--", r.url}
	refs := make([]string, len(updates))
	for i, u := range updates {
		args = append(args, u.to+":"+u.ref)
		refs[i] = u.ref
	}
	_, pushErr := r.git(ctx, nil, args...)
	if pushErr == nil {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		for _, u := range updates {
			r.learn(u.ref, u.to)
		}
		return "", nil
	}
	r.forget()
	there, err := r.look(ctx, refs...)
	if err != nil {
		return "", pushErr
	}
	done := true
	for _, u := range updates {
		if there[u.ref] != u.to && there[u.ref] != u.from {
			return u.ref, pushErr
		}
		done = done && there[u.ref] == u.to
	}
	if done {
		return "", nil
	}
	return "", pushErr
}

// blobID is the id that git gives to a content, in the hash of the repository that a commit of it shows.
func blobID(data []byte, commit string) string {
	var sum hash.Hash // Git's own ids: SHA-1 where the repository is not of the newer kind
	if len(commit) == hex.EncodedLen(sha256.Size) {
		sum = sha256.New()
	} else {
		sum = sha1.New()
	}
	fmt.Fprintf(sum, "blob %d\x00", len(data))
	sum.Write(data)
	return hex.EncodeToString(sum.Sum(nil))
}
