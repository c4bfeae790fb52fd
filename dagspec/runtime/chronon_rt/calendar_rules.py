"""On which days a task has something to do, and when an older day may be left to a newer one.

A run is a day: its logical date in UTC. A conf may have its own schedule inside its DAG; the days on which that schedule does not
tick are skipped. The functions take `interval(cron, moment)`, which returns the last tick at or before a moment and the first after
it, so that nothing here knows Airflow.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Callable

Interval = Callable[[str, datetime], "tuple[datetime, datetime]"]

# A schedule that does not tick once in this time is taken for one that never ticks again.
LONGEST_GAP_DAYS = 400


def midnight(day: date) -> datetime:
    """Return the first moment of the day."""
    return datetime.combine(day, time(), tzinfo=timezone.utc)


def is_due(schedule: str | None, day: date, interval: Interval) -> bool:
    """Tell whether the schedule has a tick on the day; without a schedule every day is due."""
    if schedule is None:
        return True
    last_moment = midnight(day + timedelta(days=1)) - timedelta(seconds=1)
    return interval(schedule, last_moment)[0] >= midnight(day)


def next_due(cron: str, schedule: str | None, logical: datetime, interval: Interval) -> tuple[date, datetime] | None:
    """Return the next day on which the task computes, and the moment from which that run can exist (the end of its interval)."""
    start = interval(cron, logical)[1]
    while (start - logical).days <= LONGEST_GAP_DAYS:
        end = interval(cron, start)[1]
        if start.date() > logical.date() and is_due(schedule, start.date(), interval):
            return start.date(), end
        start = end
    return None


def next_tick(cron: str, moment: datetime, interval: Interval) -> datetime:
    """Return the first tick of the cron after the moment."""
    return interval(cron, moment)[1]


def in_bounds(day: date, start: str | None, end: str | None) -> bool:
    """Tell whether the day lies within inclusive bounds."""
    return (start is None or day >= date.fromisoformat(start)) and (end is None or day <= date.fromisoformat(end))
