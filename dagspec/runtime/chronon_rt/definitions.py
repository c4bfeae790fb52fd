"""What a generated DAG file says, as plain values.

A generated file imports these classes, fills them with literals and calls `register`. Nothing here imports Airflow, and
nothing here is a template: a string is always just that string, and the only moving part is `Ds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union


@dataclass(frozen=True)
class Ds:
    """The day that a run computes, moved by `shift` days and written with `layout`."""

    shift: int = 0
    layout: str = "%Y-%m-%d"


@dataclass(frozen=True)
class Bundled:
    """A file or folder that came with the release: a slash path below the support folder of the DAG file."""

    path: str


@dataclass(frozen=True)
class Gathered:
    """A folder of the repository for one job, made of files that came with the release.

    `folder` is its path in the repository; a file is its path there behind `confs/<hash>/`. The folder lasts as long as the job.
    """

    folder: str
    files: Sequence[str]


Text = Union[str, Ds, Bundled, Gathered]


@dataclass(frozen=True)
class Partition:
    """A partition of a table. Without fields it is the table as a whole, rewritten by each run."""

    table: str
    fields: Sequence[tuple[str, Sequence[Text]]] = ()


@dataclass(frozen=True)
class Wait:
    """A task that waits for one partition; `start` and `end` (inclusive) bound the days on which it must exist."""

    id: str
    partition: Partition
    start: str | None = None
    end: str | None = None
    inside: bool = False  # a conf of the same repository writes it


@dataclass(frozen=True)
class Job:
    """A task that runs Chronon's run.py with exactly this argv, interpreter included."""

    id: str
    mode: str
    conf: str
    argv: Sequence[Text]
    env: Mapping[str, str] = field(default_factory=dict)
    schedule: str | None = None
    lag: int = 0
    coalesce: bool = True
    outputs: Sequence[Partition] = ()
    after: Sequence[str] = ()
    part: str = ""  # the part of a join that the job computes alone
    table: str = ""  # streaming: the upload table that has to be there before the first start


@dataclass(frozen=True)
class KvLoad:
    """A task that loads an upload table into the KV store.

    The table of a GroupBy is overwritten by every upload; one that keeps its days has a partition for each.
    """

    id: str
    conf: str
    table: str
    dataset: str
    schedule: str | None = None
    lag: int = 0
    keeps_days: bool = False
    after: Sequence[str] = ()


@dataclass(frozen=True)
class Summary:
    """The last task of a streaming or comparison DAG: it publishes what the others found."""

    id: str
    of: str  # "keep_alive" or "consistency"
    conf: str = ""
    table: str = ""
    sample_percent: float | None = None
    lag: int = 0
    after: Sequence[str] = ()


Task = Union[Wait, Job, KvLoad, Summary]


@dataclass(frozen=True)
class Dag:
    """One DAG. `cron` has five fields, in UTC, with data intervals; `start` is the logical date of its first run."""

    id: str
    kind: str
    team: str
    cron: str
    start: str
    catchup: bool
    hash: str
    tasks: Sequence[Task]
    join: str = ""
    owner: str = ""
    queue: str = ""
    user: str = ""
    emails: Sequence[str] = ()


@dataclass(frozen=True)
class Sensor:
    """How the project looks for a partition. `kind` is hive, sql, command, callable or none.

    command: `argv` may hold {table}, {partition} ("ds=2026-11-21/hr=00", empty for a whole table); exit 0 is there, 1 is not there,
    anything else is an error. callable: "package.module:function", called as function(table, partition) -> bool.
    """

    kind: str = "hive"
    connection: str = "metastore_default"
    argv: Sequence[str] = ()
    callable: str = ""
    poke_s: int = 60
    timeout_s: int = 172800
    pool: str = ""
    missing_table_s: int = 3600  # hive: how long a wait bears that the table itself does not exist; 0: as long as anything else


@dataclass(frozen=True)
class KvLoader:
    """How an upload table gets into the KV store: a command with {table}, {dataset}, {ds} in it, or a callable of the same three."""

    argv: Sequence[str] = ()
    callable: str = ""


@dataclass(frozen=True)
class Streaming:
    """Keep-alive: more than `max_restarts` in 24 hours is flapping, and the stream is left down and reported."""

    tick_s: int = 900
    max_restarts: int = 12


@dataclass(frozen=True)
class Consistency:
    """How the rows of T_consistency are read, and which rates are too much.

    reader command: `argv` may hold {table}, {ds_from}, {ds_to}; it prints one JSON object per row of the table.
    reader spark: `argv` is spark-submit with its options, in client deploy mode; empty: $SPARK_SUBMIT_PATH, $SPARK_HOME or the PATH.
    reader sql: `connection` is an Airflow connection whose hook has a DB-API connection.
    """

    reader: str = "spark"
    argv: Sequence[str] = ()
    connection: str = ""
    mismatch: float = 0.01
    missing: float = 0.05
    min_rows: int = 30
    fail_task: bool = False


@dataclass(frozen=True)
class Settings:
    """The project file, as far as tasks need it. Times are in seconds."""

    repo: str
    env: Mapping[str, str] = field(default_factory=dict)
    queue: str = ""
    pool: str = ""
    retries: int = 1
    retry_delay_s: int = 300
    timeout_s: int = 345600
    alert: str = ""
    runner: str = ""
    sensor: Sensor = Sensor()
    kv_load: KvLoader | None = None
    streaming: Streaming = Streaming()
    consistency: Consistency = Consistency()
