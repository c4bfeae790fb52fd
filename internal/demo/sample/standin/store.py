"""Questions to the store of the stand-in, for sensors, the KV load, the consistency summary, and people.

store.py has TABLE PARTITION          exit 0: it is there, 1: it is not, 2: the question was wrong
                                      PARTITION is "ds=2026-11-21/hr=00", or empty for the table as a whole
store.py kv-load TABLE DATASET DS     load an upload table into the key-value store
store.py consistency TABLE FROM TO    rows of a consistency table, one JSON object per line
store.py land TABLE PARTITION         write a partition of a table that jobs write, as if one had
store.py withhold TABLE [DAY]         keep an outside table (or one day of it) from landing; release ends that
store.py release TABLE [DAY]
store.py list                         everything there is
"""

from __future__ import annotations

import sqlite3
import sys

from driverlog import Pace
from settings import StandinError, now, store_folder
from sources import Sources, read_withheld, write_withheld
from warehouse import Warehouse, table_of

THERE, NOT_THERE, ERROR = 0, 1, 2


def main(argv: list[str]) -> int:
    commands = {
        "has": (has, 2, 2), "kv-load": (kv_load, 3, 3), "consistency": (consistency, 3, 3),
        "land": (land, 2, 2), "withhold": (withhold, 1, 2), "release": (release, 1, 2), "list": (show, 0, 0),
    }  # fmt: skip
    command, least, most = commands.get(argv[0] if argv else "", (None, 0, 0))
    if command is None or not least <= len(argv) - 1 <= most:
        print(__doc__, file=sys.stderr)
        return ERROR
    try:
        return command(*argv[1:])
    except (StandinError, ValueError, OSError, sqlite3.Error) as error:
        print(f"store: {argv[0]}: {error}", file=sys.stderr)
        return ERROR


def has(table: str, partition: str) -> int:
    """Whether a partition, or the table as a whole, is there now."""
    folder, name = store_folder(), table_of(table)
    sources = Sources(folder)
    if sources.knows(name):
        found = not partition or sources.has_partition(name, partition)
    else:
        warehouse = Warehouse(folder)
        found = warehouse.has_partition(name, partition) if partition else warehouse.has_table(name)
    return THERE if found else NOT_THERE


def kv_load(table: str, dataset: str, ds: str) -> int:
    """Load the upload table, which must hold the values of exactly this day."""
    warehouse = Warehouse(store_folder())
    held = warehouse.whole(table)
    if held is None:
        print(f"kv-load: table {table} does not exist", file=sys.stderr)
        return NOT_THERE
    if held[0] != ds:
        print(f"kv-load: table {table} holds the values of {held[0]}, not of {ds}", file=sys.stderr)
        return NOT_THERE
    Pace(f"kv-load {dataset}", 0.6).spend(1)
    warehouse.load_kv(dataset, ds, held[1])
    print(f"Loaded {held[1]} rows of {table} (ds={ds}) into {dataset}")
    return THERE


def consistency(table: str, first: str, last: str) -> int:
    """Print the measured rows of these days."""
    warehouse = Warehouse(store_folder())
    if not warehouse.has_table(table):
        raise StandinError(f"table {table} does not exist")
    for row in warehouse.consistency(table, first, last):
        print(row)
    return THERE


def land(table: str, partition: str) -> int:
    """Write a partition with one row."""
    Warehouse(store_folder()).add_partitions(table, {partition: 1})
    return THERE


def withhold(table: str, day: str = "") -> int:
    """Keep an outside table from landing."""
    folder = store_folder()
    if not Sources(folder).knows(table):
        raise StandinError(f"{table} is no outside table; jobs write it")
    write_withheld(folder, read_withheld(folder) | {(table, day)})
    return THERE


def release(table: str, day: str = "") -> int:
    """Let a withheld table land again."""
    folder = store_folder()
    write_withheld(folder, read_withheld(folder) - {(table, day)})
    return THERE


def show() -> int:
    """Print what the store holds, for people."""
    folder = store_folder()
    warehouse = Warehouse(folder)
    for table, partitions, first, last, rows in warehouse.tables():
        what = f"{partitions:4} partitions  {first} to {last}" if partitions else f"no partitions    ds {last}"
        print(f"table   {table:60} {what}  {rows} rows")
    for dataset, ds, loaded in warehouse.datasets():
        print(f"kv      {dataset:60} serves {ds}, loaded {loaded}")
    for app_id, name, submitted in warehouse.applications():
        print(f"stream  {name:60} {app_id}, alive for {now().timestamp() - submitted:.0f} s")
    for table, day in sorted(read_withheld(folder)):
        print(f"held    {table} {day or '(every day)'}")
    return THERE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
