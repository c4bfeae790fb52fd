"""Reading T_consistency: with a small Spark job, from a database, or with a command of the project.

A join with a thousand features has 9,000 columns and a row per hour, most of it arrays of percentiles that nobody here looks at. Hence the readers
take the counts only, and the Spark job adds up the hours of the days before the newest where the data is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import Any, Callable

from . import compat, consistency
from .definitions import Settings
from .presence import OUTPUT_SHOWN, LookupFailed, run_helper
from .rendering import fill
from .spark_rows import MARK, is_wanted

# A Spark job may have to wait for a place in the cluster.
SPARK_TIMEOUT_S = 3600

Row = dict[str, Any]


def read_rows(settings: Settings, table: str, day: date) -> list[Row]:
    """Return the rows of the consistency table for the day and the two weeks before it."""
    reader = settings.consistency.reader
    if reader not in _READERS:
        raise compat.AirflowFailException(f"consistency.reader is {reader!r}; known are {', '.join(_READERS)}")
    return _READERS[reader](settings, table, day - timedelta(days=consistency.HISTORY_DAYS - 1), day)


def _command(settings: Settings, table: str, first: date, last: date) -> list[Row]:
    values = {"table": table, "ds_from": first.isoformat(), "ds_to": last.isoformat()}
    output = _output(fill(settings.consistency.argv, values), settings, last)
    return [_row(number, line) for number, line in enumerate(output.splitlines(), start=1) if line.strip()]


def _spark(settings: Settings, table: str, first: date, last: date) -> list[Row]:
    """Run `spark_rows.py` with spark-submit. What Spark and its hooks print among the rows does not matter: rows have a mark."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spark_rows.py")
    argv = [
        *(settings.consistency.argv or [_spark_submit(settings)]),
        script,
        table,
        first.isoformat(),
        last.isoformat(),
    ]
    output = _output(argv, settings, last, SPARK_TIMEOUT_S)
    lines = [line[len(MARK) :] for line in output.splitlines() if line.startswith(MARK)]
    if not lines:
        raise LookupFailed(
            "the Spark job of the consistency reader printed nothing: it must run in client deploy mode, so that its output comes back here"
        )
    return [row for number, line in enumerate(lines, start=1) if (row := _row(number, line))["ds"]]


def _spark_submit(settings: Settings) -> str:
    """Return spark-submit where Chronon and Spark look for it."""
    env = {**os.environ, **settings.env}
    if env.get("SPARK_SUBMIT_PATH"):
        return env["SPARK_SUBMIT_PATH"]
    return os.path.join(env["SPARK_HOME"], "bin", "spark-submit") if env.get("SPARK_HOME") else "spark-submit"


def _sql(settings: Settings, table: str, first: date, last: date) -> list[Row]:
    """Read over an Airflow connection, through the DB-API of its hook."""
    for name in table.split("."):
        if not re.fullmatch(r"\w+", name):
            raise compat.AirflowFailException(f"{name!r} in {table} is not a name that can stand in SQL")
    try:
        with closing(compat.connection_hook(settings.consistency.connection).get_conn()) as connection:
            with closing(connection.cursor()) as cursor:
                cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")
                wanted = _selection(_names(cursor))
                cursor.execute(f"SELECT {wanted} FROM {table} WHERE ds BETWEEN '{first}' AND '{last}'")
                names = _names(cursor)
                return [dict(zip(names, values)) for values in cursor.fetchall()]
    except compat.AirflowFailException:
        raise
    except Exception as error:  # each driver has its own
        raise LookupFailed(
            f"{table} could not be read over the connection {settings.consistency.connection!r}: {error}"
        ) from error


def _names(cursor: Any) -> list[str]:
    """Return the names of the columns; Hive puts the table's before each."""
    return [str(column[0]).rpartition(".")[2] for column in cursor.description or ()]


def _selection(names: Sequence[str]) -> str:
    """Return the columns that count, or all of them where a name would need the database's own quotes."""
    wanted = [name for name in names if is_wanted(name)]
    return ", ".join(wanted) if wanted and all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in wanted) else "*"


_READERS: Mapping[str, Callable[[Settings, str, date, date], list[Row]]] = {
    "spark": _spark,
    "sql": _sql,
    "command": _command,
}


def _output(argv: list[str], settings: Settings, day: date, timeout: float | None = None) -> str:
    done = run_helper(
        argv, settings, {"CHRONON_DS": day.isoformat()}, split=True, **({"timeout": timeout} if timeout else {})
    )
    if done.returncode != 0:
        shown = _error_in(done.stderr or done.stdout)
        raise LookupFailed(f"the consistency reader ended with exit status {done.returncode}: {shown}")
    return done.stdout


def _error_in(output: str) -> str:
    """Return the line that names an error, as Python and the JVM end a trace; Spark has much to say after that. Else the end of the output."""
    named = [line for line in output.splitlines() if re.match(r"[\w.]+(Error|Exception): ", line)]
    return named[-1][:OUTPUT_SHOWN] if named else output[-OUTPUT_SHOWN:].strip()


def _row(number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise LookupFailed(f"line {number} of the consistency reader is not JSON ({error}): {line[:200]!r}") from error
    if not isinstance(row, dict) or "ds" not in row:
        raise LookupFailed(f"line {number} of the consistency reader is not a row with a ds: {line[:200]!r}")
    return row
