"""What a tick makes of run.py's output, and the history that grows from tick to tick."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from chronon_rt import keep_alive
from chronon_rt.keep_alive import StreamLog, Tick, continue_history, judge, team_view, too_many_restarts

NOW = datetime(2026, 11, 23, 4, 15, tzinfo=timezone.utc)
CHECKING = "Checking to see if a streaming job by the name chronon_group_bys_streaming_production_p.x already exists"
APP = "{'app_id': 'application_7_0231', 'app_name': 'chronon_group_bys_streaming_production_p.x', 'status': 'RUNNING'}"
SUBMIT = "Running command: bash ./scripts/spark_streaming.sh --class ai.chronon.spark.Driver /c.jar group-by-streaming --conf-path=x"
ALIVE = [CHECKING, "Found running apps by the name x in ", APP, "", "All good. No need to start a new app."]
RAN = {
    "group_by": "p.x",
    "state": "alive",
    "since": "2026-11-23T03:00:00Z",
    "app_id": "application_7_0231",
    "ticks": "sa",
    "ever_ran": True,
}


def log_of(lines: list[str]) -> StreamLog:
    log = StreamLog()
    for line in lines:
        log.feed(line)
    return log


@pytest.mark.parametrize(
    ("case", "lines", "status", "before", "state", "app"),
    [
        ("one is running", ALIVE, 0, RAN, "alive", "application_7_0231"),
        ("one is running at the first tick", ALIVE, 0, None, "alive", "application_7_0231"),
        ("none was ever running", [CHECKING, SUBMIT, "Submitted application application_7_1"], 0, None, "started", "application_7_1"),
        ("it died", [CHECKING, SUBMIT, "INFO Client: Submitted application application_7_2"], 0, RAN, "restarted", "application_7_2"),
        ("two are running", [CHECKING, APP, APP.replace("0231", "0232"), "AssertionError: More than one found, please kill them all"], 1, RAN, "duplicate", "application_7_0232"),
        ("the list failed", [CHECKING, "Failed to retrieve running apps. Error:", "boom"], 1, RAN, "unknown", ""),
        ("only the list was announced", [CHECKING, "Running command: python3 ./scripts/yarn_list.py", "Traceback"], 1, RAN, "unknown", ""),
        ("another's id is in the list", [CHECKING, "failed to process line into app: application_9_9 RUNNING", SUBMIT], 0, RAN, "restarted", ""),
        ("the start failed", [CHECKING, SUBMIT, "Connection refused"], 1, RAN, "down", ""),
        ("the first start failed", [CHECKING, SUBMIT, "NoSuchElementException"], 1, None, "not_started", ""),
        ("run.py broke before it looked", ["ModuleNotFoundError: No module named 'ai'"], 1, RAN, "unknown", ""),
        ("the start never returned", [CHECKING, SUBMIT, "batch 1", "batch 2"], None, RAN, "down", ""),
    ],
)  # fmt: skip
def test_state_of_a_tick(case: str, lines: list[str], status: int | None, before: Any, state: str, app: str) -> None:
    tick = judge(log_of(lines), status, before)
    assert (tick.state, tick.app_id) == (state, app)
    assert bool(tick.reason) == (state not in keep_alive.RUNNING)
    assert tick.why == ("list_failed" if case == "the list failed" else "")


def test_looking_only_tells_a_dead_stream_from_a_living_one() -> None:
    assert judge(log_of([CHECKING, SUBMIT]), 0, RAN, looked_only=True).state == "flapping"
    assert judge(log_of(ALIVE), 0, RAN, looked_only=True).state == "alive"


def test_first_tick_starts_a_history() -> None:
    stream = continue_history("p.x", Tick("started", "application_7_1"), None, NOW)
    assert (stream["since"], stream["ticks"], stream["restarts_24h"]) == ("2026-11-23T04:15:00Z", "s", 0)


def test_alive_after_a_start_keeps_the_time_of_the_start() -> None:
    first = continue_history("p.x", Tick("started", "application_7_1"), None, NOW)
    second = continue_history("p.x", Tick("alive"), first, NOW + timedelta(minutes=15))
    assert (second["since"], second["app_id"], second["ticks"]) == (first["since"], "application_7_1", "sa")


def test_a_restart_begins_a_new_since_and_is_counted() -> None:
    stream = continue_history("p.x", Tick("restarted", "application_7_2"), RAN, NOW)
    assert (stream["since"], stream["restarts_24h"], stream["app_id"]) == ("2026-11-23T04:15:00Z", 1, "application_7_2")
    again = continue_history("p.x", Tick("restarted", "application_7_3"), stream, NOW + timedelta(minutes=15))
    assert (again["since"], again["restarts_24h"], again["ticks"]) == ("2026-11-23T04:30:00Z", 2, "sarr")


def test_down_stays_down_since_the_first_time() -> None:
    first = continue_history("p.x", Tick("down", "", "no"), RAN, NOW)
    second = continue_history("p.x", Tick("down", "", "no"), first, NOW + timedelta(minutes=15))
    assert second["since"] == first["since"] == "2026-11-23T04:15:00Z"
    assert second["app_id"] == ""


def test_a_stream_that_came_back_after_down_was_restarted() -> None:
    down = continue_history("p.x", Tick("down", "", "no"), RAN, NOW)
    assert judge(log_of([CHECKING, SUBMIT]), 0, down).state == "restarted"


def test_restarts_are_forgotten_after_a_day() -> None:
    stream: dict[str, Any] = dict(RAN)
    for hour in range(30):
        stream = continue_history("p.x", Tick("restarted"), stream, NOW + timedelta(hours=hour))
    assert stream["restarts_24h"] == 24
    assert too_many_restarts(stream, NOW + timedelta(hours=29), 24)
    assert not too_many_restarts(stream, NOW + timedelta(hours=40), 24)
    assert not too_many_restarts(None, NOW, 1)


def test_ticks_are_cut_to_ninety_six() -> None:
    stream: dict[str, Any] = dict(RAN)
    for minute in range(200):
        stream = continue_history("p.x", Tick("alive"), stream, NOW + timedelta(minutes=minute))
    assert stream["ticks"] == "a" * 96


def test_the_team_view_is_small_and_in_order() -> None:
    streams = [continue_history(name, Tick("alive"), None, NOW) for name in ("p.y", "p.x")]
    view = team_view(streams, NOW)
    assert [stream["group_by"] for stream in view["streams"]] == ["p.x", "p.y"]
    assert view["v"] == 1 and view["at"] == "2026-11-23T04:15:00Z"
    assert set(view["streams"][0]) == {"group_by", "state", "since", "app_id", "restarts_24h", "ticks", "reason", "why", "awaits"}
