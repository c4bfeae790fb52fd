"""What the tests share: an Airflow home of their own, and stand-ins for what Airflow hands to a task.

No server and no database is needed. AIRFLOW_HOME must be set before Airflow is imported, hence the statements at import time.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).resolve().parents[1]
DATA = Path(__file__).resolve().parent / "data"

_home = tempfile.mkdtemp(prefix="chronon_rt_airflow_")
os.environ.update(
    AIRFLOW_HOME=_home,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__CORE__DAGS_FOLDER=os.path.join(_home, "dags"),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_home}/airflow.db",
)
sys.path.insert(0, str(RUNTIME))


def pytest_sessionfinish() -> None:
    shutil.rmtree(_home, ignore_errors=True)


def log_lines(name: str) -> list[str]:
    """Return the lines of a real log, without the marks that its recorder added at both ends."""
    with gzip.open(DATA / f"{name}.log.gz", "rt", encoding="utf-8", errors="replace") as file:
        return [line for line in file.read().splitlines() if not line.startswith(("### ", "$ "))]


def table_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a real consistency table."""
    with gzip.open(DATA / f"consistency_{name}.rows.json.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class FakeTaskInstance:
    """Stands in for the task instance: remembers what is pushed, and answers with planted values and states."""

    def __init__(self, dag_id: str = "a_dag", task_id: str = "a_task", run_id: str = "this_run") -> None:
        self.dag_id, self.task_id, self.run_id = dag_id, task_id, run_id
        self.pushed: dict[str, Any] = {}
        self.prior: dict[tuple[str, str], Any] = {}
        self.here: dict[tuple[str, str], Any] = {}
        self.states: dict[str, dict[str, str | None]] = {}
        self.asked: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value

    def xcom_pull(
        self, task_ids: str, key: str, include_prior_dates: bool = False, map_indexes: int | None = None
    ) -> Any:
        assert map_indexes == -1, "Airflow 3 would answer with a list"
        here = self.here.get((task_ids, key))
        return here if here is not None or not include_prior_dates else self.prior.get((task_ids, key))

    def get_task_states(self, **asked: Any) -> dict[str, dict[str, str | None]]:
        self.asked = asked
        return self.states

    def read(self, key: str) -> Any:
        return json.loads(self.pushed[key])


class FakeDagRun:
    def __init__(self, conf: dict[str, Any] | None, start_date: datetime | None = None) -> None:
        self.conf = conf
        self.start_date = start_date


@pytest.fixture
def ti() -> FakeTaskInstance:
    return FakeTaskInstance()


def context(
    ti: FakeTaskInstance, day: str = "2026-11-20", conf: dict[str, Any] | None = None, started: str | None = None
) -> dict[str, Any]:
    """Return what an operator gets from Airflow, as far as the runtime looks at it."""
    moment = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
    start_date = datetime.fromisoformat(started).replace(tzinfo=timezone.utc) if started else None
    return {"ti": ti, "logical_date": moment, "dag_run": FakeDagRun(conf, start_date)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Set the runtime's clock: `clock("2026-11-23T04:15")`."""
    from chronon_rt import compat

    def set_to(text: str) -> datetime:
        moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        monkeypatch.setattr(compat, "now", lambda: moment)
        return moment

    yield set_to
