package airflowclient_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

var update = flag.Bool("update", false, "write what the errors are into testdata/recorded")

// recording is a refusal that a real Airflow gave: the request line, the status line, the content type, an empty line, the body.
type recording struct {
	name         string
	method, path string
	status       int
	contentType  string
	body         string
}

// recordings reads those of one version.
func recordings(t *testing.T, version string) []recording {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "recorded", version, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings of %s: %v", version, err)
	}
	var all []recording
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(data, []byte("\n\n"))
		lines := strings.SplitN(string(head), "\n", 3)
		method, path, _ := strings.Cut(lines[0], " ")
		status, err := strconv.Atoi(strings.TrimPrefix(lines[1], "HTTP "))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, recording{
			name: strings.TrimSuffix(filepath.Base(file), ".http"), method: method, path: path,
			status: status, contentType: strings.TrimPrefix(lines[2], "Content-Type: "), body: string(body),
		})
	}
	return all
}

// TestRefusalsOfRealServersAreToldInTheirOwnWords holds the kind and the words of each error to what real servers answered. Read errors.golden when it changes:
// it is what an operator sees.
func TestRefusalsOfRealServersAreToldInTheirOwnWords(t *testing.T) {
	t.Parallel()
	for _, a := range []api{{"v1", "/api/v1", "2.11.2"}, {"v2", "/api/v2", "3.3.2"}} {
		var got strings.Builder
		for _, r := range recordings(t, a.version) {
			path, _, _ := strings.Cut(r.path, "?")
			f := newFake(a, map[string]http.HandlerFunc{r.method + " " + path: typed(r.status, r.contentType, r.body)})
			c := newClient(t, f, airflowclient.Config{})
			_, err := c.Raw(t.Context(), r.method, strings.TrimPrefix(r.path, a.prefix), nil)
			var failure *airflowclient.Error
			if !errors.As(err, &failure) {
				t.Errorf("%s %s: status %d gave the error %v", a.version, r.name, r.status, err)
				continue
			}
			fmt.Fprintf(&got, "%s (%d): %s\n    %v\n", r.name, r.status, failure.Kind, err)
		}
		golden := filepath.Join("testdata", "recorded", a.version, "errors.golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", a.version, diff)
		}
	}
}
