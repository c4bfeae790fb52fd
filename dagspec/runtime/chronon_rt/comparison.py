"""The summary of an online/offline comparison DAG."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import compat, consistency
from .definitions import Summary
from .presence import LookupFailed
from .readers import read_rows
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
            raise self.skipped("the comparison of this day was skipped")
        limits = self.project.consistency
        budgets = consistency.Budgets(limits.mismatch, limits.missing, limits.min_rows)
        day = run.day - timedelta(days=self.summary.lag)
        about = (self.summary.conf, day.isoformat())
        failed = sorted(task for task, state in states.items() if state != "success")
        if failed:
            reason = (
                f"the comparison itself did not succeed: {', '.join(f'{task} is {states[task]}' for task in failed)}"
            )
            self._end_without(context, "job_failed", reason, *about, budgets)
        try:
            rows = read_rows(self.project, self.summary.table, day)
        except LookupFailed as error:
            self._end_without(context, "not_read", str(error), *about, budgets)
        found = consistency.measure(*about, rows, self.summary.sample_percent, budgets)
        self.publish(context, "chronon_consistency", found)
        self._show(found)
        if found["state"] == "breach" and limits.fail_task:
            raise compat.AirflowFailException(f"{found['features_over']} features are over their budget")

    def _end_without(
        self, context: Mapping[str, Any], why: str, reason: str, join: str, ds: str, budgets: consistency.Budgets
    ) -> None:
        """Publish that nothing was measured, and fail."""
        found = consistency.not_measured(join, ds, why, reason, self.summary.sample_percent, budgets)
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
