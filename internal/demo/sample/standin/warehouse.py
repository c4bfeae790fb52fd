"""The store behind the stand-in: one SQLite file that plays Hive, the key-value store and YARN's list of applications.

Many jobs write at once, each in its own process, so the file is in WAL mode, every change is one short immediate
transaction, and whoever has to wait does so for up to half a minute. Nothing is ever held open while a job "computes".
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, Iterator, Mapping, Optional

from settings import now

SCHEMA = """
CREATE TABLE IF NOT EXISTS partitions (
  tbl TEXT, partition TEXT, ds TEXT, rows INTEGER, written_at TEXT, PRIMARY KEY (tbl, partition));
CREATE TABLE IF NOT EXISTS whole_tables (tbl TEXT PRIMARY KEY, ds TEXT, rows INTEGER, written_at TEXT);
CREATE TABLE IF NOT EXISTS properties (tbl TEXT, key TEXT, value TEXT, PRIMARY KEY (tbl, key));
CREATE TABLE IF NOT EXISTS consistency (tbl TEXT, ds TEXT, ts INTEGER, row TEXT, PRIMARY KEY (tbl, ts));
CREATE TABLE IF NOT EXISTS kv_loads (dataset TEXT, ds TEXT, rows INTEGER, loaded_at TEXT, PRIMARY KEY (dataset, ds));
CREATE TABLE IF NOT EXISTS attempts (job TEXT, ds TEXT, tries INTEGER, PRIMARY KEY (job, ds));
CREATE TABLE IF NOT EXISTS applications (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, name TEXT, submitted_at REAL, dies_at REAL);
"""


def table_of(spec: str) -> str:
    """The table of a table string, which may carry sub-partitions: "data.clicks/site=main" is data.clicks."""
    return spec.split("/", 1)[0]


def fields_of(partition: str) -> dict[str, str]:
    """The columns of a partition name: "ds=2026-11-21/hr=00" is {"ds": "2026-11-21", "hr": "00"}."""
    fields = {}
    for piece in partition.split("/"):
        column, sign, value = piece.partition("=")
        if not sign or not column or not value:
            raise ValueError(f"partition {partition!r} is not column=value, joined by slashes")
        fields[column] = value
    return fields


class Warehouse:
    """The opened store. Methods read or write in one transaction each; days are "2026-11-21", times are UTC."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "warehouse.sqlite"
        fresh = not path.exists()
        with open(folder / ".opening", "w", encoding="ascii") as lock:
            # SQLite's busy timeout does not cover the switch to WAL, so the first openers take turns.
            fcntl.flock(lock, fcntl.LOCK_EX if fresh else fcntl.LOCK_SH)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'applications'").fetchone():
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.executescript(SCHEMA)
        self._db.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Tables.

    def add_partitions(self, table: str, rows_by_partition: Mapping[str, int]) -> None:
        """Write partitions ("ds=2026-11-21"), each with its count of rows; one that exists is overwritten, as Hive does."""
        written = _stamp()
        values = [
            (table, partition, fields_of(partition).get("ds", ""), rows, written)
            for partition, rows in rows_by_partition.items()
        ]
        with self._change() as db:
            db.executemany("INSERT OR REPLACE INTO partitions VALUES (?, ?, ?, ?, ?)", values)

    def add_days(self, table: str, days: Iterable[str], rows: int) -> None:
        """Write one partition for each day, with so many rows."""
        self.add_partitions(table, {f"ds={day}": rows for day in days})

    def write_whole(self, table: str, ds: str, rows: int) -> None:
        """Overwrite a table that has no partitions; ds is the value of its ds column."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO whole_tables VALUES (?, ?, ?, ?)", (table, ds, rows, _stamp()))

    def days(self, table: str) -> set[str]:
        """The days for which the table has partitions."""
        return {day for (day,) in self._db.execute("SELECT DISTINCT ds FROM partitions WHERE tbl = ?", (table,))}

    def whole(self, table: str) -> Optional[tuple[str, int]]:
        """The ds and the count of rows of an unpartitioned table, or nothing."""
        return self._db.execute("SELECT ds, rows FROM whole_tables WHERE tbl = ?", (table,)).fetchone()

    def has_table(self, table: str) -> bool:
        """Whether anything was ever written under this name."""
        query = "SELECT 1 FROM whole_tables WHERE tbl = ?1 UNION ALL SELECT 1 FROM partitions WHERE tbl = ?1 LIMIT 1"
        return self._db.execute(query, (table,)).fetchone() is not None

    def has_partition(self, table: str, partition: str) -> bool:
        """Whether a partition is there that has at least these columns with these values."""
        wanted = fields_of(partition)
        exact = "SELECT 1 FROM partitions WHERE tbl = ? AND partition = ?"
        if self._db.execute(exact, (table, partition)).fetchone():
            return True
        whole = self.whole(table)
        if whole is not None:
            return wanted == {"ds": whole[0]}
        nested = self._db.execute("SELECT partition FROM partitions WHERE tbl = ? AND instr(partition, '/')", (table,))
        return any(wanted.items() <= fields_of(name).items() for (name,) in nested)

    def rename_table(self, old: str, new: str) -> None:
        """Move a table with everything it holds, as an archiving join does."""
        with self._change() as db:
            for kind in ("partitions", "whole_tables", "properties", "consistency"):
                db.execute(f"UPDATE OR REPLACE {kind} SET tbl = ? WHERE tbl = ?", (new, old))

    def property(self, table: str, key: str) -> Optional[str]:
        """A table property, or nothing."""
        row = self._db.execute("SELECT value FROM properties WHERE tbl = ? AND key = ?", (table, key)).fetchone()
        return row[0] if row else None

    def set_property(self, table: str, key: str, value: str) -> None:
        """Set a table property."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO properties VALUES (?, ?, ?)", (table, key, value))

    # Consistency rows, the key-value store, and tries.

    def add_consistency(self, table: str, rows: Iterable[Mapping]) -> None:
        """Write hourly rows of a consistency table; each has ds and ts."""
        values = [(table, row["ds"], row["ts"], json.dumps(row, separators=(",", ":"))) for row in rows]
        with self._change() as db:
            db.executemany("INSERT OR REPLACE INTO consistency VALUES (?, ?, ?, ?)", values)

    def consistency(self, table: str, first: str, last: str) -> Iterator[str]:
        """The rows of the days from first to last, as JSON texts in the order of time."""
        query = "SELECT row FROM consistency WHERE tbl = ? AND ds BETWEEN ? AND ? ORDER BY ts"
        for (row,) in self._db.execute(query, (table, first, last)):
            yield row

    def load_kv(self, dataset: str, ds: str, rows: int) -> None:
        """Remember that the dataset now serves the values of this day."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO kv_loads VALUES (?, ?, ?, ?)", (dataset, ds, rows, _stamp()))

    def serves(self, dataset: str) -> bool:
        """Whether the dataset was ever loaded."""
        return self._db.execute("SELECT 1 FROM kv_loads WHERE dataset = ?", (dataset,)).fetchone() is not None

    def count_try(self, job: str, ds: str) -> int:
        """Count one more try of a job for a day; the first is 1."""
        with self._change() as db:
            db.execute(
                "INSERT INTO attempts VALUES (?, ?, 1) ON CONFLICT (job, ds) DO UPDATE SET tries = tries + 1", (job, ds)
            )
            return db.execute("SELECT tries FROM attempts WHERE job = ? AND ds = ?", (job, ds)).fetchone()[0]

    # Streaming applications.

    def starts_of(self, name: str) -> int:
        """How often an application of this name was submitted."""
        return self._db.execute("SELECT count(*) FROM applications WHERE name = ?", (name,)).fetchone()[0]

    def submit_application(self, name: str, lives_s: Optional[float]) -> str:
        """Submit an application that dies by itself after so many seconds, or never; gives its id."""
        submitted = now().timestamp()
        dies = None if lives_s is None else submitted + lives_s
        with self._change() as db:
            cursor = db.execute(
                "INSERT INTO applications (name, submitted_at, dies_at) VALUES (?, ?, ?)", (name, submitted, dies)
            )
            number = cursor.lastrowid
            app_id = f"application_{int(submitted)}_{number:04d}"
            db.execute("UPDATE applications SET id = ? WHERE number = ?", (app_id, number))
        return app_id

    def applications(self) -> list[tuple[str, str, float]]:
        """The applications that are alive now, oldest first: id, name, and the time of submission in seconds."""
        query = "SELECT id, name, submitted_at FROM applications WHERE dies_at IS NULL OR dies_at > ? ORDER BY number"
        return self._db.execute(query, (now().timestamp(),)).fetchall()

    def kill_application(self, app_id: str) -> bool:
        """End an application now; false when none of that id is alive."""
        with self._change() as db:
            at = now().timestamp()
            query = "UPDATE applications SET dies_at = ?1 WHERE id = ?2 AND (dies_at IS NULL OR dies_at > ?1)"
            return db.execute(query, (at, app_id)).rowcount == 1

    # For people.

    def tables(self) -> list[tuple[str, int, str, str, int]]:
        """Every table with its count of partitions (0: it has none), first day, last day, and rows."""
        query = """
            SELECT tbl, count(*), min(ds), max(ds), sum(rows) FROM partitions GROUP BY tbl
            UNION ALL SELECT tbl, 0, ds, ds, rows FROM whole_tables ORDER BY 1"""
        return self._db.execute(query).fetchall()

    def datasets(self) -> list[tuple[str, str, str]]:
        """Every key-value dataset with its newest day and when that was loaded."""
        query = "SELECT dataset, max(ds), max(loaded_at) FROM kv_loads GROUP BY dataset ORDER BY dataset"
        return self._db.execute(query).fetchall()


def _stamp() -> str:
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")
