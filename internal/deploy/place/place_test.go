package place_test

import (
	"path/filepath"
	"testing"

	"chrononctl/internal/deploy/place"
)

func TestEveryKindOpensItsTarget(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	folder := t.TempDir()
	for _, c := range []struct {
		place place.Place
		want  string // how the target calls itself
	}{
		{place.Place{Kind: "dir", Path: folder, Folder: "chronon"}, "dir " + filepath.Join(folder, "chronon")},
		{place.Place{Kind: "git", URL: "https://example.com/dags.git", Branch: "main", Path: "dags", Folder: "chronon"}, "git https://example.com/dags.git main:dags/chronon"},
		{place.Place{Kind: "s3", Bucket: "airflow", Region: "eu-west-1", Path: "dags", Folder: "chronon"}, "s3://airflow/dags/chronon"},
		{place.Place{Kind: "gcs", Bucket: "airflow", Endpoint: "http://127.0.0.1:1", Path: "dags"}, "gs://airflow/dags"},
		{place.Place{Kind: "sftp", Host: "airflow", Path: "/srv/dags", Folder: "chronon"}, "sftp airflow:/srv/dags/chronon"},
		{place.Place{Kind: "command", Argv: []string{"/bin/publish", "{folder}"}, State: t.TempDir()}, "command publish"},
	} {
		opened, err := place.Open(t.Context(), c.place, t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", c.place.Kind, err)
			continue
		}
		if got := opened.String(); got != c.want {
			t.Errorf("%s calls itself %q, want %q", c.place.Kind, got, c.want)
		}
	}
	if _, err := place.Open(t.Context(), place.Place{Kind: "ftp"}, ""); err == nil {
		t.Error("an unknown kind opened")
	}
}
