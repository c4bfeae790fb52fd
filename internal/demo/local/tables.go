package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Airflow makes its tables in a hundred steps, one for each change since its first release, and takes longer for that than for a start. So what comes out of
// it is kept, as SQL, in the virtual environment, whose name holds a digest of all that decides it; the next new database takes it from there.

// tablesName is the file in the environment's folder.
const tablesName = "airflow-tables.sql"

// fillDatabase gives a new database Airflow's tables: those that an earlier instance has kept, or new ones, which it keeps.
func (a *Airflow) fillDatabase(ctx context.Context) error {
	kept := filepath.Join(a.env.Dir, tablesName)
	if _, err := os.Stat(kept); err == nil {
		return a.once(ctx, a.client("tables", "psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output="+os.DevNull, "--file="+kept))
	}
	if err := a.migrateDatabase(ctx); err != nil {
		return err
	}
	dump := filepath.Join(a.Dir, tablesName)
	if err := a.once(ctx, a.client("dump", "pg_dump", "--no-owner", "--file="+dump)); err != nil {
		return err
	}
	text, err := os.ReadFile(dump)
	if err := errors.Join(err, os.Remove(dump)); err != nil {
		return fmt.Errorf("keep Airflow's tables: %w", err)
	}
	if err := writeAtomically(kept, text, 0o644); err != nil && !errors.Is(err, fs.ErrPermission) { // an environment of somebody else is good enough to be used
		return fmt.Errorf("keep Airflow's tables: %w", err)
	}
	return nil
}

// client is a program of PostgreSQL that talks to the instance's database.
func (a *Airflow) client(name, command string, args ...string) program {
	connection := []string{filepath.Join(a.database.bin, command), "--host=" + a.database.sockets, "--username=postgres", "--dbname=postgres"}
	return program{name: name, command: append(connection, args...), environ: a.baseEnviron()}
}

// migrateDatabase has Airflow make its tables, or bring those of an earlier version up to date.
func (a *Airflow) migrateDatabase(ctx context.Context) error {
	subcommand := "migrate"
	if a.Version == OldestAirflow2 {
		subcommand = "upgrade" // its name before 2.7
	}
	return a.once(ctx, a.airflow("migrate", "db", subcommand))
}
