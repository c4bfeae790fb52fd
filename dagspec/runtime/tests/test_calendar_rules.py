"""Which days are due, asked of Airflow's own timetables."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from chronon_rt import calendar_rules, compat

SUNDAY = date(2026, 11, 22)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("schedule", "day", "due"),
    [
        (None, SUNDAY, True),
        ("0 0 * * 0", SUNDAY, True),
        ("0 0 * * 0", date(2026, 11, 23), False),
        ("30 23 * * 0", SUNDAY, True),
        ("30 23 * * 0", date(2026, 11, 21), False),
        ("0 5 1 * *", date(2026, 11, 1), True),
        ("0 5 1 * *", SUNDAY, False),
        ("0 */6 * * *", SUNDAY, True),
        ("59 23 31 12 *", date(2026, 12, 31), True),
    ],
)
def test_a_day_is_due_when_the_schedule_ticks_on_it(schedule: str | None, day: date, due: bool) -> None:
    assert calendar_rules.is_due(schedule, day, compat.cron_interval) is due


@pytest.mark.parametrize(
    ("cron", "schedule", "logical", "day", "exists_from"),
    [
        ("0 0 * * *", None, "2026-11-20", "2026-11-21", "2026-11-22"),
        ("0 0 * * *", "0 0 * * 0", "2026-11-20", "2026-11-22", "2026-11-23"),
        ("0 0 * * *", "0 0 * * 0", "2026-11-22", "2026-11-29", "2026-11-30"),
        ("0 6 * * *", None, "2026-11-20T06:00", "2026-11-21", "2026-11-22T06:00"),
        ("0 */6 * * *", None, "2026-11-20T06:00", "2026-11-21", "2026-11-21T06:00"),
        ("0 0 * * 1", None, "2026-11-16", "2026-11-23", "2026-11-30"),
        ("0 0 * * *", None, "2026-11-20T13:37", "2026-11-21", "2026-11-22"),
    ],
)
def test_the_next_due_day_and_when_its_run_can_exist(
    cron: str, schedule: str | None, logical: str, day: str, exists_from: str
) -> None:
    found = calendar_rules.next_due(cron, schedule, at(logical), compat.cron_interval)
    assert found == (date.fromisoformat(day), at(exists_from))


def test_a_schedule_that_never_ticks_again_has_no_next_day() -> None:
    def never(cron: str, moment: datetime) -> tuple[datetime, datetime]:
        return compat.cron_interval("0 0 * * *", moment) if cron == "daily" else (at("2020-01-01"), at("2030-01-01"))

    assert calendar_rules.next_due("daily", "never", at("2026-11-20"), never) is None


def test_bounds_are_inclusive_and_either_may_be_open() -> None:
    assert calendar_rules.in_bounds(SUNDAY, "2026-11-22", "2026-11-22")
    assert not calendar_rules.in_bounds(SUNDAY, "2026-11-23", None)
    assert not calendar_rules.in_bounds(SUNDAY, None, "2026-11-21")
    assert calendar_rules.in_bounds(SUNDAY, None, None)
