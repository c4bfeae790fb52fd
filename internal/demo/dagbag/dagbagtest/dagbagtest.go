// Package dagbagtest gives tests an installed Airflow to read DAG files with.
package dagbagtest

import (
	"os"
	"testing"

	"chrononctl/internal/demo/dagbag"
	"chrononctl/internal/demo/python"
)

// Reader returns an Airflow of that version, as in "3.3", and installs it first where needed. It ends with the test.
func Reader(tb testing.TB, version string) dagbag.Reader {
	tb.Helper()
	store, err := python.Open()
	if err != nil {
		tb.Fatal(err)
	}
	env, err := store.Named(tb.Context(), "airflow-"+version)
	if err != nil {
		tb.Fatal(err)
	}
	return dagbag.Reader{Python: env.Python, Home: tb.TempDir(), Base: os.Environ()}
}

// RequireClean reports what could not be imported, and every warning that points at the files.
func RequireClean(tb testing.TB, read dagbag.Imported) {
	tb.Helper()
	if len(read.DAGs) == 0 {
		tb.Error("no DAG was found")
	}
	for file, text := range read.Errors {
		tb.Errorf("Airflow %s: %s: %s", read.Airflow, file, text)
	}
	for _, warning := range read.Warnings {
		tb.Errorf("Airflow %s: %s", read.Airflow, warning)
	}
}
