"""Looking for partitions, each way."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chronon_rt import Ds, Partition, Sensor, Settings, compat
from chronon_rt.presence import LookupFailed, Presence, load_callable

DAY = date(2026, 11, 21)
DAILY = Partition("ns.t", (("ds", (Ds(),)), ("hr", ("00",))))
WHOLE = Partition("ns.t")


def presence(sensor: Sensor, folder: Path | str = "", lines: list[str] | None = None) -> Presence:
    return Presence(
        Settings(repo=str(folder), sensor=sensor, env={"FROM_SETTINGS": "yes"}),
        (lines if lines is not None else []).append,
    )


class NoSuchObjectException(Exception):
    """What the metastore's Thrift client raises for a table or database that does not exist."""


class FakeMetastore:
    """Stands in for the Hive provider's metastore hook."""

    tables = {("ns", "t")}
    partitions = {("ns", "t", "ds=2026-11-21/hr=00")}
    broken: Exception | None = None

    def get_table(self, table_name: str, db: str) -> object:
        if self.broken is not None:
            raise self.broken
        if (db, table_name) not in self.tables:
            raise NoSuchObjectException(f"{db}.{table_name} table not found")
        return object()

    def table_exists(self, table_name: str, db: str) -> bool:
        """Answer as the provider does, which takes every error for an absence."""
        try:
            self.get_table(table_name, db)
        except Exception:
            return False
        return True

    def check_for_named_partition(self, schema: str, table: str, partition_name: str) -> bool:
        return (schema, table, partition_name) in self.partitions


@pytest.fixture
def metastore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat, "hive_metastore_hook", lambda connection: FakeMetastore())


def test_hive_finds_partitions_and_whole_tables(metastore: None) -> None:
    look = presence(Sensor(kind="hive"))
    assert look(DAILY, DAY) and look(WHOLE, DAY)
    assert not look(DAILY, date(2026, 11, 22))


def test_hive_says_that_a_table_does_not_exist(metastore: None) -> None:
    lines: list[str] = []
    assert not presence(Sensor(kind="hive"), lines=lines)(Partition("ns.typo", DAILY.fields), DAY)
    assert lines == ["the table ns.typo does not exist in the metastore: it was never written, or its name is wrong"]


@pytest.mark.parametrize("error", [OSError("timed out"), RuntimeError("TSocket read 0 bytes"), PermissionError("not yours")])
def test_a_metastore_that_breaks_is_named_and_no_table_is_missed(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeMetastore, "broken", error)
    monkeypatch.setattr(compat, "hive_metastore_hook", lambda connection: FakeMetastore())
    monkeypatch.setattr(compat, "connection_address", lambda connection: "hive.example:9083")
    with pytest.raises(LookupFailed, match=f"hive.example:9083.*'metastore_default'.*ns.t/ds=2026-11-21/hr=00.*{error}"):
        presence(Sensor(kind="hive")).look(DAILY, DAY)


def test_a_metastore_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(connection: str) -> object:
        raise compat.AirflowException("Failed to locate the valid server.")

    monkeypatch.setattr(compat, "hive_metastore_hook", unreachable)
    monkeypatch.setenv("AIRFLOW_CONN_OUR_METASTORE", "hive-metastore://127.0.0.1:9083")
    with pytest.raises(LookupFailed, match="127.0.0.1:9083.*'our_metastore'.*valid server"):
        presence(Sensor(kind="hive", connection="our_metastore")).look(DAILY, DAY)


def test_hive_without_its_provider_says_what_to_install() -> None:
    with pytest.raises(compat.AirflowFailException, match="apache-airflow-providers-apache-hive"):
        presence(Sensor(kind="hive"))(DAILY, DAY)


SHOW = "import os, sys; open('seen', 'w').write(repr([*sys.argv[1:], os.environ['CHRONON_DS'], os.environ['FROM_SETTINGS']])); sys.exit(int(sys.argv[1]))"


@pytest.mark.parametrize(("status", "there"), [(0, True), (1, False)])
def test_a_command_answers_with_its_exit_status(status: int, there: bool, tmp_path: Path) -> None:
    argv = (sys.executable, "-S", "-c", SHOW, str(status), "{table}", "{partition}", "{ds}", "{x}")
    assert presence(Sensor(kind="command", argv=argv), tmp_path)(DAILY, DAY) is there
    assert (tmp_path / "seen").read_text() == repr(
        [str(status), "ns.t", "ds=2026-11-21/hr=00", "2026-11-21", "{x}", "2026-11-21", "yes"]
    )


def test_a_command_gets_an_empty_partition_and_the_day_for_a_whole_table(tmp_path: Path) -> None:
    argv = (sys.executable, "-S", "-c", SHOW, "0", "{partition}", "{ds}")
    presence(Sensor(kind="command", argv=argv), tmp_path)(WHOLE, DAY)
    assert (tmp_path / "seen").read_text() == repr(["0", "", "2026-11-21", "2026-11-21", "yes"])


@pytest.mark.parametrize("argv", [("bash", "-c", "echo broken; exit 2"), ("/does/not/exist",)])
def test_a_command_that_breaks_is_neither_yes_nor_no(argv: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(LookupFailed, match="broken|could not be run"):
        presence(Sensor(kind="command", argv=argv), tmp_path)(DAILY, DAY)


def test_a_callable_is_asked_for_table_and_partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_look.py").write_text(
        "def there(table, partition):\n    return (table, partition) == ('ns.t', 'ds=2026-11-21/hr=00')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    look = presence(Sensor(kind="callable", callable="their_look:there"))
    assert look(DAILY, DAY) is True
    assert look(WHOLE, DAY) is False


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "package.module:function"),
        ("no_such_module:f", "cannot be imported"),
        ("os:no_such", "cannot be imported"),
    ],
)
def test_a_callable_that_cannot_be_found_is_named(name: str, message: str) -> None:
    with pytest.raises(compat.AirflowFailException, match=message):
        load_callable(name)


class FakeDatabase:
    def __init__(self) -> None:
        self.queries: list[str] = []

    def get_first(self, query: str) -> Any:
        self.queries.append(query)
        return (1,) if "'2026-11-21'" in query or "WHERE" not in query else None


def test_sql_asks_for_one_row_with_quoted_values(monkeypatch: pytest.MonkeyPatch) -> None:
    database = FakeDatabase()
    monkeypatch.setattr(compat, "connection_hook", lambda connection: database)
    look = presence(Sensor(kind="sql", connection="trino"))
    assert look(DAILY, DAY) and look(WHOLE, DAY)
    assert not look(DAILY, date(2026, 11, 22))
    look(Partition("ns.t", (("name", ("it's",)),)), DAY)
    assert database.queries[0] == "SELECT 1 FROM ns.t WHERE ds = '2026-11-21' AND hr = '00' LIMIT 1"
    assert database.queries[1] == "SELECT 1 FROM ns.t LIMIT 1"
    assert database.queries[-1] == "SELECT 1 FROM ns.t WHERE name = 'it''s' LIMIT 1"


def test_sql_refuses_what_is_not_a_name() -> None:
    with pytest.raises(compat.AirflowFailException, match="not a name"):
        presence(Sensor(kind="sql"))(Partition("ns.t; DROP TABLE x", DAILY.fields), DAY)


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(compat.AirflowFailException, match="'magic'; known are hive, sql, command, callable, none"):
        presence(Sensor(kind="magic"))(DAILY, DAY)
