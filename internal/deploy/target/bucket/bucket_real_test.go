//go:build real

package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/gcs"
	"chrononctl/internal/deploy/target/bucket/s3"
	"chrononctl/internal/deploy/target/servertest"
	"chrononctl/internal/deploy/target/targettest"
)

// openS3 opens a new bucket of a server; the credentials come as an operator would give them.
func openS3(t *testing.T, server servertest.S3, name string) bucket.Store {
	t.Helper()
	store, err := s3.Open(t.Context(), s3.Options{Bucket: name, Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func signIn(t *testing.T, server servertest.S3) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestRealS3Conformance(t *testing.T) {
	server := servertest.StartS3(t)
	signIn(t, server)
	conformance(t, func(t *testing.T, name string) bucket.Store {
		t.Helper()
		server.Bucket(t, name)
		return openS3(t, server, name)
	})
}

func TestRealGCSConformance(t *testing.T) {
	server := servertest.StartGCS(t)
	conformance(t, func(t *testing.T, name string) bucket.Store {
		t.Helper()
		server.Bucket(t, name)
		store, err := gcs.Open(t.Context(), gcs.Options{Bucket: name, Endpoint: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		return store
	})
}

func conformance(t *testing.T, create func(t *testing.T, name string) bucket.Store) {
	t.Helper()
	var count atomic.Int32
	var stores sync.Map // of a target
	fresh := func(t *testing.T) target.Target {
		t.Helper()
		store := create(t, fmt.Sprintf("suite-%d", count.Add(1)))
		driver := open(t, store)
		stores.Store(driver, store)
		return driver
	}
	again := func(t *testing.T, first target.Target) target.Target {
		t.Helper()
		store, _ := stores.Load(first)
		return open(t, store.(bucket.Store))
	}
	t.Run("suite", func(t *testing.T) { targettest.Run(t, fresh, again) })
}

func open(t *testing.T, store bucket.Store) *bucket.Driver {
	t.Helper()
	driver, err := bucket.New(bucket.Options{Store: store, Path: "dags", Folder: "chronon"})
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func TestRealS3RefusalsAreToldApart(t *testing.T) {
	server := servertest.StartS3(t)
	signIn(t, server)
	_, err := open(t, openS3(t, server, "nowhere")).Lock(t.Context(), target.Owner{Since: time.Now()})
	if _, ok := errors.AsType[*s3.NoBucketError](err); !ok {
		t.Errorf("missing bucket: %v", err)
	}
	server.Bucket(t, "here")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
	_, err = open(t, openS3(t, server, "here")).Lock(t.Context(), target.Owner{Since: time.Now()})
	if _, ok := errors.AsType[*target.DeniedError](err); !ok {
		t.Errorf("wrong key: %v", err)
	}
	if strings.Contains(fmt.Sprint(err), "wrong-secret") {
		t.Errorf("the error shows the secret: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dead := servertest.S3{URL: "http://127.0.0.1:1"}
	_, err = open(t, openS3(t, dead, "here")).Lock(ctx, target.Owner{Since: time.Now()})
	if _, ok := errors.AsType[*target.UnreachableError](err); !ok {
		t.Errorf("dead server: %v", err)
	}
}
