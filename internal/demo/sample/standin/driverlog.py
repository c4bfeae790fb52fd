"""The Driver's log, line for line as real jobs print it, and the time that a job takes.

The layout is that of the log4j settings in Chronon's scripts: time, class and line of the source, no level. Only the lines
that people and tools look for are here; a real join prints twenty thousand.
"""

from __future__ import annotations

import sys
import time
import zlib
from typing import Iterable, Mapping, Sequence

from settings import now, shift, speed


class Pace:
    """The time of one job: so many seconds at speed 1, a little more or less for each conf, spent in shares."""

    def __init__(self, job: str, seconds: float) -> None:
        spread = 0.75 + zlib.crc32(job.encode()) % 51 / 100
        self._seconds = seconds * spread / speed()

    def spend(self, share: float) -> None:
        """Let a share of the job's time pass."""
        time.sleep(self._seconds * share)


def say(klass: str, line: int, message: str) -> None:
    """One record of the log; the message may have several lines."""
    print(f"[{now():%Y-%m-%d %H:%M:%S}] {{{klass}}} {line} - {message}", flush=True)


def unfilled(
    table: str, missing: Sequence[str], inputs: Sequence[str], missing_inputs: Sequence[str], days: Sequence[str]
) -> None:
    """The block that says which days a job found to be missing, and which of them it can fill."""
    say(
        "TableUtils",
        940,
        f"""
Unfilled range computation:
   Output table: {table}
   Missing output partitions: [{",".join(missing)}]
   Input tables: {", ".join(inputs) or "None"}
   Missing input partitions: [{",".join(missing_inputs)}]
   Unfilled Partitions: [{",".join(days)}]
   Unfilled ranges: {",".join(ranges(days))}
""",
    )


def query(sql: str, *frames: str) -> None:
    """A query that the job runs, with the call path that looks like a stack trace and is none."""
    path = "\n".join(f"\t{frame}" for frame in ("catalog.TableUtils.sql(TableUtils.scala:608)", *frames))
    say(
        "TableUtils",
        617,
        f"""
----[Running query coalesced into at most 2 partitions]----
{sql}
----[End of Query]----

 Query call path (not an error stack trace): 
{path}
	Driver$.main(Driver.scala:1192)
	Driver.main(Driver.scala) 

 --------""",
    )


def create_table(table: str, columns: Mapping[str, str], kind: str, partitioned_by: Sequence[str] = ("ds",)) -> None:
    """The statement that makes an output table."""
    lines = ",\n".join(f"    `{name}` {of}" for name, of in columns.items() if name not in partitioned_by)
    parts = ",\n".join(f"    {name} string" for name in partitioned_by)
    clause = f"\nPARTITIONED BY (\n{parts}\n)" if parts else ""
    query(
        f"""CREATE TABLE {table} (
{lines}
)  {clause}
STORED AS PARQUET
TBLPROPERTIES (
    'source'='chronon',
   'chronon_generated'='true',
   'chronon_table_type'='{kind}'
)""",
        "catalog.TableUtils.insertPartitions(TableUtils.scala:568)",
    )


def scan(table: str, first: str, last: str, *frames: str) -> None:
    """The query that reads some days of a table."""
    query(f"SELECT\n  *\nFROM {table} \nWHERE\n  (ds >= '{first}') AND (ds <= '{last}')", *frames)


def write(table: str, rows: int, days: int, pace: Pace, share: float, sort: str = "ds") -> None:
    """The lines around a write, which takes the given share of the job's time."""
    say("TableUtils", 695, "Repartitioning before writing...")
    start = now()
    pace.spend(share)
    say("TableUtils", 733, f"{rows} rows requested to be written into table {table}")
    if rows:
        say(
            "TableUtils",
            779,
            f"repartitioning data for table {table} by 200 spark tasks into {max(days, 1)} table partitions"
            f" and {1 if days else 2} files per partition",
        )
        say("TableUtils", 784, f"Sorting within partitions with cols: List({sort})")
        say("TableUtils", 792, f"Finished writing to {table}")
    say(
        "TableUtils",
        675,
        f"Cleared the dataframe cache after repartition & write to {table}"
        f" - start @ {start:%Y-%m-%d %H:%M:%S} end @ {now():%Y-%m-%d %H:%M:%S}",
    )


def failure(message: str, *frames: str) -> None:
    """The exception that ends a job, as the JVM prints it; run.py then adds its own Python traceback."""
    below = (
        "ai.chronon.spark.Driver$.main(Driver.scala:1199)",
        "ai.chronon.spark.Driver.main(Driver.scala)",
        "java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
        "java.base/java.lang.reflect.Method.invoke(Method.java:569)",
        "org.apache.spark.deploy.JavaMainApplication.start(SparkApplication.scala:52)",
        "org.apache.spark.deploy.SparkSubmit$.main(SparkSubmit.scala:1129)",
        "org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)",
    )
    lines = [f'Exception in thread "main" {message}', *(f"\tat {frame}" for frame in (*frames, *below))]
    print("\n".join(lines), file=sys.stderr, flush=True)


def span(first: str, last: str) -> str:
    """A range as Chronon prints it: "[2026-11-16...2026-11-19]"."""
    return f"[{first}...{last}]"


def chunks(days: Iterable[str]) -> list[list[str]]:
    """The days in order, cut where one is missing."""
    result: list[list[str]] = []
    for day in sorted(days):
        if result and shift(result[-1][-1], 1) == day:
            result[-1].append(day)
        else:
            result.append([day])
    return result


def ranges(days: Iterable[str]) -> list[str]:
    """The days as unbroken ranges."""
    return [span(chunk[0], chunk[-1]) for chunk in chunks(days)]
