package servertest

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// S3 is a running versitygw. Its one account has these keys.
type S3 struct {
	URL       string
	AccessKey string
	SecretKey string

	root string
}

// StartS3 starts an S3 server.
func StartS3(tb testing.TB) S3 {
	tb.Helper()
	program := build(tb, "github.com/versity/versitygw/cmd/versitygw")
	server := S3{AccessKey: "suite", SecretKey: "suite-secret", root: tb.TempDir()}
	port := freePort(tb)
	server.URL = "http://127.0.0.1:" + port
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), program, "--access", server.AccessKey, "--secret", server.SecretKey, "--port", "127.0.0.1:"+port, "--quiet",
		"posix", server.root)
	command.Dir = tb.TempDir()
	start(tb, command, port)
	return server
}

// Bucket makes a bucket.
func (s S3) Bucket(tb testing.TB, name string) {
	tb.Helper()
	if err := os.Mkdir(filepath.Join(s.root, name), 0o755); err != nil { // a folder is a bucket of this server
		tb.Fatal(err)
	}
}

// GCS is a running fake-gcs-server, which asks for no credentials.
type GCS struct{ URL string }

// StartGCS starts a server of Google Cloud Storage's JSON API.
func StartGCS(tb testing.TB) GCS {
	tb.Helper()
	program := build(tb, "github.com/fsouza/fake-gcs-server")
	port := freePort(tb)
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), program, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "memory",
		"-public-host", "127.0.0.1:"+port, "-log-level", "warn")
	command.Dir = tb.TempDir()
	start(tb, command, port)
	return GCS{URL: "http://127.0.0.1:" + port}
}

// Bucket makes a bucket.
func (s GCS) Bucket(tb testing.TB, name string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, s.URL+"/storage/v1/b?project=suite", strings.NewReader(`{"name": "`+name+`"}`))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		tb.Fatalf("make bucket %s: status %d", name, response.StatusCode)
	}
}
