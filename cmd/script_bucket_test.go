package cmd_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket/buckettest"
)

// scriptBucket is a bucket in memory behind as much of the protocol of S3 as a deploy speaks. Real servers are held to the same by the suite of targets;
// this one gets into trouble when a script wants it to.
type scriptBucket struct {
	objects buckettest.Memory

	mu      sync.Mutex
	trouble string
	left    int    // writes that still pass before it
	until   string // end of the key whose write passes as the last one before it; empty: left says
}

// buckets are those of all scripts, by their address.
var buckets sync.Map

// bucketCommand is the script command "bucket [KIND [WRITES|KEY]]": without arguments a bucket called "dags" answers at $BUCKET until the script ends; with a
// kind it gets into trouble after so many writes, or after the write of a key with that end.
//
//	denied   nothing may be written
//	expired  the token is not good any more
//	skewed   the clock of whoever asks is wrong
//	away     connections are dropped
//	none     nothing is wrong any more
func bucketCommand(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) > 2:
		ts.Fatalf("usage: bucket [KIND [WRITES|KEY]]")
	case len(args) == 0:
		made := &scriptBucket{}
		server := httptest.NewServer(made)
		ts.Defer(server.Close)
		buckets.Store(server.URL, made)
		for name, value := range map[string]string{
			"BUCKET": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
			"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_CA_BUNDLE": "",
		} {
			ts.Setenv(name, value)
		}
		return
	}
	value, _ := buckets.Load(ts.Getenv("BUCKET"))
	made := value.(*scriptBucket)
	made.mu.Lock()
	defer made.mu.Unlock()
	made.trouble, made.left, made.until = args[0], 0, ""
	if len(args) == 2 {
		left, err := strconv.Atoi(args[1])
		if made.left = left; err != nil {
			made.until = args[1]
		}
	}
}

// refusals are S3's answers to those who may not.
var refusals = map[string]struct {
	status int
	code   string
}{
	"denied": {http.StatusForbidden, "AccessDenied"}, "expired": {http.StatusBadRequest, "ExpiredToken"}, "skewed": {http.StatusForbidden, "RequestTimeTooSkewed"},
}

// ServeHTTP answers path-style requests.
func (b *scriptBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := b.refuses(r)
	if kind == "away" {
		panic(http.ErrAbortHandler)
	}
	if refusal, ok := refusals[kind]; ok {
		fault(w, refusal.status, refusal.code)
		return
	}
	key, inside := strings.CutPrefix(r.URL.Path, "/dags/")
	switch {
	case r.Method == http.MethodGet && (!inside || key == ""):
		b.list(w, r)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		b.get(w, r, key)
	case r.Method == http.MethodPut:
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		version, err := b.objects.Put(r.Context(), key, data, replaces(r))
		w.Header().Set("ETag", strconv.Quote(string(version)))
		conclude(w, err)
	case r.Method == http.MethodDelete:
		conclude(w, b.objects.Delete(r.Context(), key, replaces(r)))
	}
}

// refuses says what is wrong with a request, "" for nothing. Reading is always allowed but for a wrong clock, and where nobody answers.
func (b *scriptBucket) refuses(r *http.Request) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	writes := r.Method == http.MethodPut || r.Method == http.MethodDelete
	switch {
	case b.until != "":
		if writes && strings.HasSuffix(r.URL.Path, b.until) {
			b.until = ""
		}
		return ""
	case b.left > 0:
		if writes {
			b.left--
		}
		return ""
	}
	if b.trouble == "denied" && !writes {
		return ""
	}
	return b.trouble
}

// replaces is the version that a request names.
func replaces(r *http.Request) target.Version {
	version, err := strconv.Unquote(r.Header.Get("If-Match"))
	if err != nil {
		return target.Absent
	}
	return target.Version(version)
}

// conclude answers a write.
func conclude(w http.ResponseWriter, err error) {
	if _, conflict := errors.AsType[*target.ConflictError](err); conflict {
		fault(w, http.StatusPreconditionFailed, "PreconditionFailed")
	}
}

func fault(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>a script wants it so</Message></Error>", code)
}

func (b *scriptBucket) get(w http.ResponseWriter, r *http.Request, key string) {
	found, err := b.objects.Get(r.Context(), key)
	if errors.Is(err, fs.ErrNotExist) {
		fault(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	w.Header().Set("ETag", strconv.Quote(string(found.Version)))
	w.Header().Set("Last-Modified", time.Now().Add(-found.Age).UTC().Format(http.TimeFormat))
	_, _ = w.Write(found.Data)
}

func (b *scriptBucket) list(w http.ResponseWriter, r *http.Request) {
	type object struct{ Key, ETag string }
	page := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []object
	}{}
	found, _ := b.objects.List(r.Context(), r.URL.Query().Get("prefix"), r.URL.Query().Get("delimiter") == "")
	for _, each := range found {
		page.Contents = append(page.Contents, object{each.Key, strconv.Quote(string(each.Version))})
	}
	_ = xml.NewEncoder(w).Encode(page)
}
