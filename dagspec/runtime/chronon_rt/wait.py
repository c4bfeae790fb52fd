"""Waiting for a partition, without holding a slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from . import calendar_rules, compat
from .definitions import Ds, Job, KvLoad, Wait
from .presence import Answer, Presence
from .rendering import partition_name
from .task import ChrononTask, Run


def partition_day(wait: Wait, day: date) -> date:
    """Return the day that the waited partition holds: a wait for yesterday's partition is bounded by yesterday."""
    for _, pieces in wait.partition.fields:
        for piece in pieces:
            if isinstance(piece, Ds):
                return day + timedelta(days=piece.shift)
    return day


def is_there(wait: Wait, day: date, presence: Presence) -> bool:
    """Tell whether the run of `day` has what the wait stands for."""
    if not calendar_rules.in_bounds(partition_day(wait, day), wait.start, wait.end):
        return True
    return presence(wait.partition, day)


class WaitForPartition(ChrononTask):
    """Is over when the partition is there, or when this run does not need it."""

    ui_color = "#e8f0fe"

    def __init__(self, *, wait: Wait, needed_by: Sequence[Job | KvLoad], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wait = wait
        self.needed_by = tuple(needed_by)

    def poke(self, context: Mapping[str, Any]) -> bool:
        run = self.run_of(context)
        name = partition_name(self.wait.partition, run.day)
        if why := self._why_not_needed(run):
            self.log.info("Not waiting for %s: %s", name, why)
            return True
        found = self.presence().look(self.wait.partition, run.day)
        if found is Answer.THERE:
            self.log.info("%s is there", name)
            return True
        if found is Answer.NO_TABLE:
            self._bear_missing_table(context)
        self.log.info("%s is not there yet", name)
        return False

    def _bear_missing_table(self, context: Mapping[str, Any]) -> None:
        """Fail for good when the run has borne long enough that the table itself does not exist: a name with a mistake would wait for days.

        A table that a conf of the same repository writes is never taken for a mistake: its first job may take longer than that.
        """
        grace = timedelta(seconds=self.project.sensor.missing_table_s)
        started = compat.run_started(context)
        if self.wait.inside or not grace or started is None or compat.now() - started < grace:
            return
        raise compat.AirflowFailException(
            f"the table {self.wait.partition.table} does not exist, {grace} after the run began: mend its name in the conf, "
            "or create it and clear this task (sensors.missing_table says how long that is borne)"
        )

    def _why_not_needed(self, run: Run) -> str | None:
        if not run.options.wait:
            return "the run was started with wait: false"
        day = partition_day(self.wait, run.day)
        if not calendar_rules.in_bounds(day, self.wait.start, self.wait.end):
            return f"{day} is outside the days that it must exist on ({self.wait.start or 'any'} to {self.wait.end or 'any'})"
        reasons = [self.why_not_for(run, job.conf, job.schedule) for job in self.needed_by]
        if reasons and all(reasons):
            return reasons[0]
        return None
