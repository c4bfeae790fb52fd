"""The summary of an online/offline comparison DAG, and how it reads T_consistency."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from . import compat, consistency
from .definitions import Settings, Summary
from .presence import OUTPUT_SHOWN, LookupFailed, run_helper
from .rendering import fill
from .task import ChrononTask


class ConsistencySummary(ChrononTask):
    """Publishes what the comparison measured, or why it measured nothing."""

    ui_color = "#e0f2f1"

    def __init__(self, *, summary: Summary, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.summary = summary

    def execute(self, context: Mapping[str, Any]) -> None:
        run = self.run_of(context)
        states = next(iter(compat.task_states(context, list(self.summary.after), this_run=True).values()), {})
        if states and all(state == "skipped" for state in states.values()):
            raise compat.AirflowSkipException("the comparison of this day was skipped")
        limits = self.project.consistency
        budgets = consistency.Budgets(limits.mismatch, limits.missing, limits.min_rows)
        day = run.day - timedelta(days=self.summary.lag)
        about = (self.summary.conf, day.isoformat())
        failed = sorted(task for task, state in states.items() if state != "success")
        if failed:
            reason = (
                f"the comparison itself did not succeed: {', '.join(f'{task} is {states[task]}' for task in failed)}"
            )
            self._end_without(context, reason, *about, budgets)
        try:
            rows = read_rows(self.project, self.summary.table, day)
        except LookupFailed as error:
            self._end_without(context, str(error), *about, budgets)
        found = consistency.measure(*about, rows, self.summary.sample_percent, budgets)
        self.publish(context, "chronon_consistency", found)
        self._show(found)
        if found["state"] == "breach" and limits.fail_task:
            raise compat.AirflowFailException(f"{found['features_over']} features are over their budget")

    def _end_without(
        self, context: Mapping[str, Any], reason: str, join: str, ds: str, budgets: consistency.Budgets
    ) -> None:
        """Publish that nothing was measured, and fail."""
        found = consistency.not_measured(join, ds, reason, self.summary.sample_percent, budgets)
        self.publish(context, "chronon_consistency", found)
        raise compat.AirflowException(reason)

    def _show(self, found: Mapping[str, Any]) -> None:
        self.log.info(
            "%s %s: %s %s (%d of %d rows compared, %d of %d features over budget)",
            found["join"], found["ds"], found["state"], found["reason"],
            found["matched_rows"], found["total_rows"], found["features_over"], found["features_total"],
        )  # fmt: skip
        for feature in found["features"]:
            if feature["over"]:
                self.log.warning(
                    "%s: mismatch %s, missing online %s, missing offline %s",
                    feature["name"], feature["mismatch"], feature["missing_online"], feature["missing_offline"],
                )  # fmt: skip


def read_rows(settings: Settings, table: str, day: date) -> list[dict[str, Any]]:
    """Return the rows of the consistency table for the day and the two weeks before it."""
    reader = settings.consistency
    if reader.reader != "command":
        raise compat.AirflowFailException(
            f"consistency.reader is {reader.reader!r}, which this release cannot use yet: "
            "set consistency.reader: command, with an argv that prints one JSON object per row"
        )
    first = day - timedelta(days=consistency.HISTORY_DAYS - 1)
    values = {"table": table, "ds_from": first.isoformat(), "ds_to": day.isoformat()}
    done = run_helper(fill(reader.argv, values), settings, {"CHRONON_DS": day.isoformat()}, split=True)
    if done.returncode != 0:
        shown = (done.stderr or done.stdout)[-OUTPUT_SHOWN:].strip()
        raise LookupFailed(f"the consistency reader ended with exit status {done.returncode}: {shown}")
    return [_row(number, line) for number, line in enumerate(done.stdout.splitlines(), start=1) if line.strip()]


def _row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise LookupFailed(f"line {number} of the consistency reader is not JSON ({error}): {line[:200]!r}") from error
    if not isinstance(row, dict) or "ds" not in row:
        raise LookupFailed(f"line {number} of the consistency reader is not a row with a ds: {line[:200]!r}")
    return row
