//go:build real

package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/s3"
	"chrononctl/internal/deploy/target/servertest"
	"chrononctl/internal/deploy/target/targettest"
)

// The same matrix as in memory, with every object in a real server. Beside what a bucket in memory can do, an upload is cut in the middle here.
func TestRealDeployToS3ConvergesWhateverRequestFails(t *testing.T) {
	server := servertest.StartS3(t)
	signIn(t, server)
	server.Bucket(t, "matrix")
	outside := newOutside(t, 2*parallelRequests)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * parallelRequests}}
	t.Cleanup(client.CloseIdleConnections)
	var cells atomic.Int32
	newCell := func(t *testing.T) *site {
		t.Helper()
		uploads := &uploads{client: client}
		store := openS3(t, server, "matrix", uploads)
		s := newSiteInBucket(t, outsideStore{store, outside}, fmt.Sprintf("cell-%d", cells.Add(1)))
		faults := s.faults.(bucketFaults).store
		faults.Torn = uploads.tear
		return s
	}
	t.Run("matrix", func(t *testing.T) {
		converges(t, newCell, everyOne, targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn, targettest.DiskFull, targettest.FailOnce, targettest.Ambiguous, targettest.Interfere)
	})
}

// parallelRequests is how many requests a bucket target has under way at the same time.
const parallelRequests = 16

func signIn(t *testing.T, server servertest.S3) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // a process that died tries nothing again
	t.Setenv("AWS_CA_BUNDLE", "")     // the client below is our own, which the SDK does not give certificates to
}

func openS3(t *testing.T, server servertest.S3, name string, client *uploads) bucket.Store {
	t.Helper()
	store, err := s3.Open(context.WithoutCancel(t.Context()), s3.Options{Bucket: name, Endpoint: server.URL, HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// uploads is an HTTP client that breaks the connection in the middle of an upload when it is told to, and refuses every request from then on.
type uploads struct {
	client *http.Client
	torn   atomic.Bool
}

var errTorn = errors.New("the process died in the middle of an upload")

// tear makes the next upload break.
func (u *uploads) tear(upload func() error) error {
	u.torn.Store(true)
	defer u.torn.Store(false)
	return upload()
}

func (u *uploads) Do(request *http.Request) (*http.Response, error) {
	if !u.torn.Load() {
		return u.client.Do(request)
	}
	if request.Body != nil && request.ContentLength > 1 {
		half := io.LimitReader(request.Body, request.ContentLength/2)
		request.Body = io.NopCloser(half) // the client gives up a connection whose body ends too early
	}
	response, err := u.client.Do(request)
	if err == nil {
		response.Body.Close()
	}
	return nil, errors.Join(errTorn, err)
}

// outside has goroutines beside a bubble of synctest, in which the clock of the machine goes: signatures and servers want that one.
type outside struct{ idle chan *helper }

type helper struct {
	work chan func()
	done chan struct{}
}

func newOutside(t *testing.T, n int) *outside {
	t.Helper()
	o := &outside{idle: make(chan *helper, n)}
	for range n {
		h := &helper{work: make(chan func()), done: make(chan struct{})}
		go func() {
			for do := range h.work {
				do()
				h.done <- struct{}{}
			}
		}()
		t.Cleanup(func() { close(h.work) })
		o.idle <- h
	}
	return o
}

// run does something outside and waits for it. No channel of a bubble, as that of a context is, may get there.
func (o *outside) run(do func()) {
	h := <-o.idle
	h.work <- do
	<-h.done
	o.idle <- h
}

// outsideStore is a store whose requests are made outside.
type outsideStore struct {
	bucket.Store
	*outside
}

func (s outsideStore) Head(ctx context.Context, key string) (found bucket.Object, err error) {
	ctx = context.WithoutCancel(ctx)
	s.run(func() { found, err = s.Store.Head(ctx, key) })
	return found, err
}

func (s outsideStore) Get(ctx context.Context, key string) (found bucket.Content, err error) {
	ctx = context.WithoutCancel(ctx)
	s.run(func() { found, err = s.Store.Get(ctx, key) })
	return found, err
}

func (s outsideStore) List(ctx context.Context, prefix string, deep bool) (found []bucket.Object, err error) {
	ctx = context.WithoutCancel(ctx)
	s.run(func() { found, err = s.Store.List(ctx, prefix, deep) })
	return found, err
}

func (s outsideStore) Put(ctx context.Context, key string, data []byte, replaces target.Version) (version target.Version, err error) {
	ctx = context.WithoutCancel(ctx)
	s.run(func() { version, err = s.Store.Put(ctx, key, data, replaces) })
	return version, err
}

func (s outsideStore) Delete(ctx context.Context, key string, version target.Version) (err error) {
	ctx = context.WithoutCancel(ctx)
	s.run(func() { err = s.Store.Delete(ctx, key, version) })
	return err
}
