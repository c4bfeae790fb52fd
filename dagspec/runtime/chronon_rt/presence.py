"""Looking for a partition, the way that the project chose.

One function serves the waits, the check after each job, and the skip rule, so that they cannot disagree about what is there.
A partition without fields is a table as a whole, an upload table for instance: existence is all that can be asked of it then. The
command kind is told the day of the run beside it (`{ds}`, and CHRONON_DS in the environment), for a store that knows more.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from importlib import import_module
from typing import Any, Callable

from . import compat
from .definitions import Partition, Sensor, Settings
from .rendering import fill, partition_fields, partition_name, partition_spec

COMMAND_TIMEOUT_S = 600
OUTPUT_SHOWN = 2000


class LookupFailed(compat.AirflowException):
    """The question could not be answered, which is neither yes nor no."""


class Answer(Enum):
    """What was found. A table that does not exist is no different from a missing partition to all but a wait."""

    THERE = "there"
    NOT_THERE = "not there"
    NO_TABLE = "no table"


@dataclass(frozen=True)
class Presence:
    """Answers whether a partition is there. `log` takes a line worth showing to people."""

    settings: Settings
    log: Callable[[str], None]

    def __call__(self, partition: Partition, day: date) -> bool:
        return self.look(partition, day) is Answer.THERE

    def look(self, partition: Partition, day: date) -> Answer:
        """Look for the partition. Only the Hive metastore tells a table that does not exist from a partition that does not."""
        sensor = self.settings.sensor
        if sensor.kind not in _KINDS:
            raise compat.AirflowFailException(f"sensors.kind is {sensor.kind!r}; known are {', '.join(_KINDS)}")
        found = _KINDS[sensor.kind](self, sensor, partition, day)
        if isinstance(found, Answer):
            return found
        return Answer.THERE if found else Answer.NOT_THERE

    @property
    def can_look(self) -> bool:
        """Tell whether the project has a way to look at all."""
        return self.settings.sensor.kind != "none"

    def _hive(self, sensor: Sensor, partition: Partition, day: date) -> bool | Answer:
        schema, table = _schema_and_table(partition)
        try:
            hook = compat.hive_metastore_hook(sensor.connection)
            # The metastore answers "no such partition" for a table that does not exist, so a mistyped name would wait in silence.
            if not compat.hive_table_exists(hook, schema, table):
                self.log(
                    f"the table {partition.table} does not exist in the metastore: it was never written, or its name is wrong"
                )
                return Answer.NO_TABLE
            spec = partition_spec(partition, day)
            return not spec or hook.check_for_named_partition(schema, table, spec)
        except compat.AirflowFailException:
            raise
        except Exception as error:  # Thrift's, the socket's, the provider's
            raise LookupFailed(
                f"the Hive metastore {compat.connection_address(sensor.connection)} (connection {sensor.connection!r}) could not be asked "
                f"about {partition_name(partition, day)}: {type(error).__name__}: {error}"
            ) from error

    def _sql(self, sensor: Sensor, partition: Partition, day: date) -> bool:
        names = [*partition.table.split("."), *(column for column, _ in partition_fields(partition, day))]
        for name in names:
            if not re.fullmatch(r"\w+", name):
                raise compat.AirflowFailException(f"{name!r} in {partition.table} is not a name that can stand in SQL")
        tests = " AND ".join(f"{column} = {_literal(value)}" for column, value in partition_fields(partition, day))
        query = f"SELECT 1 FROM {partition.table}" + (f" WHERE {tests}" if tests else "") + " LIMIT 1"
        return compat.connection_hook(sensor.connection).get_first(query) is not None

    def _command(self, sensor: Sensor, partition: Partition, day: date) -> bool:
        values = {"table": partition.table, "partition": partition_spec(partition, day), "ds": day.isoformat()}
        done = run_helper(fill(sensor.argv, values), self.settings, {"CHRONON_DS": day.isoformat()})
        if done.returncode in (0, 1):
            return done.returncode == 0
        raise LookupFailed(
            f"the sensor command ended with exit status {done.returncode} for {partition_name(partition, day)} "
            f"(0 is there, 1 is not there): {done.stdout[-OUTPUT_SHOWN:].strip()}"
        )

    def _callable(self, sensor: Sensor, partition: Partition, day: date) -> bool:
        return bool(load_callable(sensor.callable)(partition.table, partition_spec(partition, day)))

    def _none(self, sensor: Sensor, partition: Partition, day: date) -> bool:
        return True


_KINDS: Mapping[str, Callable[..., bool | Answer]] = {
    "hive": Presence._hive,
    "sql": Presence._sql,
    "command": Presence._command,
    "callable": Presence._callable,
    "none": Presence._none,
}


def run_helper(
    argv: list[str], settings: Settings, env: Mapping[str, str], split: bool = False, timeout: float = COMMAND_TIMEOUT_S
) -> subprocess.CompletedProcess[str]:
    """Run a short command of the project in its repository, and return its status and its output (its errors apart if `split`)."""
    try:
        return subprocess.run(
            argv,
            cwd=settings.repo or None,
            env={**os.environ, **settings.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if split else subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookupFailed(f"the command {argv[0] if argv else '(empty)'!r} could not be run: {error}") from error


def load_callable(name: str) -> Callable[..., Any]:
    """Import "package.module:function"."""
    module, separator, function = name.partition(":")
    if not separator:
        raise compat.AirflowFailException(f"{name!r} does not name a function: write package.module:function")
    try:
        return getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise compat.AirflowFailException(f"the function {name} cannot be imported on this worker: {error}") from error


def _schema_and_table(partition: Partition) -> tuple[str, str]:
    schema, separator, table = partition.table.partition(".")
    return (schema, table) if separator else ("default", schema)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
