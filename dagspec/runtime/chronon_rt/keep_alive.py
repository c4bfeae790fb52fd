"""Keeping a streaming job alive: what a tick saw, and the history that it continues.

run.py does the work (`Runner.run`, mode streaming): it lists the running applications, does nothing when one has the job's name,
refuses when two have, and submits otherwise. What it did is read from its output, because its exit status is the same for
"still alive" and "started again".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

LETTERS = {
    "alive": "a",
    "started": "s",
    "restarted": "r",
    "flapping": "f",
    "duplicate": "d",
    "down": "x",
    "not_started": "n",
    "unknown": "u",
}
RUNNING = ("alive", "started", "restarted")
TICKS_KEPT = 96
RESTARTS_KEPT = 200

# run.py starts the submit script with bash; an empty script in its place leaves the question whether the job runs, and starts nothing.
LOOK_ONLY = ("--spark-streaming-submit-path", "/dev/null")

_APPLICATION_ID = re.compile(r"\b(application_\d+_\d+)\b")


@dataclass
class StreamLog:
    """What run.py printed in mode streaming."""

    already_running: bool = False
    more_than_one: bool = False
    list_failed: bool = False
    submitting: bool = False
    listed: list[str] = field(default_factory=list)  # ids of running applications that have the stream's name
    submitted: list[str] = field(default_factory=list)  # ids that the submission mentioned

    def feed(self, line: str) -> None:
        if "All good. No need to start a new app." in line:
            self.already_running = True
        elif "More than one found, please kill them all" in line:
            self.more_than_one = True
        elif "Failed to retrieve running apps" in line:
            self.list_failed = True
        elif line.startswith("Running command: ") and " group-by-streaming " in f"{line} ":
            # The commands that list applications and fetch jars are announced with the same words.
            self.submitting = True
        self._find_id(line)

    def _find_id(self, line: str) -> None:
        """Take the id from a listed application (run.py prints it as a Python dict) or from what spark-submit says."""
        if line.startswith("{") and "app_id" in line:
            with suppress(ValueError, SyntaxError, AttributeError):
                _add(self.listed, str(ast.literal_eval(line.strip()).get("app_id", "")))
        elif not line.startswith(("failed to process line into app", "Running command: ")):
            if match := _APPLICATION_ID.search(line):
                _add(self.submitted, match.group(1))


def _add(ids: list[str], app_id: str) -> None:
    if app_id and app_id not in ids:
        ids.append(app_id)


@dataclass(frozen=True)
class Tick:
    """What one tick found: a state, the application, and a sentence when something is wrong.

    `why` tells programs what the state leaves open, as README.md lists it, and `awaits` is the table that the stream waits for.
    """

    state: str
    app_id: str = ""
    reason: str = ""
    why: str = ""
    awaits: str = ""


def too_many_restarts(before: Mapping[str, Any] | None, now: datetime, limit: int) -> bool:
    """Tell whether the stream used up its restarts of the last 24 hours."""
    return len(_recent_restarts(before, now)) >= limit


def ever_ran(before: Mapping[str, Any] | None) -> bool:
    """Tell whether a tick has ever seen the stream run."""
    return before is not None and bool(before.get("ever_ran"))


def judge(
    log: StreamLog,
    exit_status: int | None,
    before: Mapping[str, Any] | None,
    looked_only: bool = False,
    held: Tick | None = None,
) -> Tick:
    """Decide the state of the stream after run.py ended; `exit_status` is None when it did not end in time.

    `held` is the tick of a stream that never ran, was looked for only, and may not be started yet.
    """
    ids = log.listed if log.already_running or log.more_than_one else log.submitted
    app_id = ids[-1] if ids else ""
    if log.more_than_one:
        apps = ", ".join(ids) or "see the log"
        return Tick(
            "duplicate",
            app_id,
            f"more than one application has this name ({apps}): kill them all, the next tick starts one",
        )
    if log.list_failed:
        return Tick(
            "unknown",
            "",
            "the running applications could not be listed, so nobody knows whether the stream is alive",
            why="list_failed",
        )
    if exit_status is None:
        return Tick("down", app_id, "the start did not return in time: keeping alive needs Spark's cluster deploy mode")
    if log.already_running and exit_status == 0:
        return Tick("alive", app_id)
    if not log.submitting:
        return Tick("unknown", app_id, f"run.py ended with exit status {exit_status} before it looked for the stream")
    if held is not None:
        return held
    if looked_only:
        return Tick("flapping", "", "restarted too often in 24 hours, and left down: find out why it dies")
    if exit_status == 0:
        return Tick("restarted" if ever_ran(before) else "started", app_id)
    if ever_ran(before):
        return Tick("down", app_id, f"it is not running, and starting it ended with exit status {exit_status}")
    return Tick(
        "not_started",
        app_id,
        f"it never ran, and starting it ended with exit status {exit_status}: the first upload and KV load must come before it",
    )


def continue_history(group_by: str, tick: Tick, before: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Return the element of `streams` (README.md) that follows `before`, with the restarts' times for the next tick to count."""
    restarts = _recent_restarts(before, now)
    if tick.state == "restarted":
        restarts = [*restarts, rfc3339(now)][-RESTARTS_KEPT:]
    ran_on = before is not None and before.get("state") in RUNNING and tick.state == "alive"
    same = before is not None and before.get("state") == tick.state and tick.state != "restarted"
    since = before.get("since") if before is not None and (ran_on or same) else None
    app_id = tick.app_id or (str(before.get("app_id", "")) if before is not None and ran_on else "")
    return {
        "group_by": group_by,
        "state": tick.state,
        "since": since or rfc3339(now),
        "app_id": app_id,
        "restarts_24h": len(restarts),
        "ticks": ((str(before.get("ticks", "")) if before is not None else "") + LETTERS[tick.state])[-TICKS_KEPT:],
        "reason": tick.reason,
        "why": tick.why,
        "awaits": tick.awaits,
        "ever_ran": ever_ran(before) or tick.state in RUNNING,
        "restarted_at": restarts,
    }


def team_view(streams: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Return `chronon_keep_alive` for a team: its streams in order of name, without what only the next tick needs."""
    public = [
        {key: value for key, value in stream.items() if key not in ("restarted_at", "ever_ran")} for stream in streams
    ]
    return {"v": 1, "at": rfc3339(now), "streams": sorted(public, key=lambda stream: stream["group_by"])}


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _recent_restarts(before: Mapping[str, Any] | None, now: datetime) -> list[str]:
    oldest = rfc3339(now - timedelta(hours=24))
    return [moment for moment in (before or {}).get("restarted_at", []) if moment > oldest]
