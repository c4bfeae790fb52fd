"""From the rows of T_consistency to `chronon_consistency`.

Chronon's ConsistencyJob writes a row per hour that had requests. For each feature of the join it has the columns
`{feature}_{metric}_{op}` (CompareMetrics.scala): counts of rows, of nulls on either side, of differing values, and a SMAPE for
numbers. Left is the offline recomputation, right is what the online store served and logged.

Two things about these counts are not what they seem. Below 100 % sampling only the drawn rows were recomputed, while all logged rows
are counted: the rest looks like "missing offline". And the SMAPE is an average over all rows, with 0 where either side is null.
Hence every rate here is over rows that could be compared, and too few of them is an answer of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

FEATURES_SHOWN = 50
# Features whose hours are told: as many as somebody looks at, for a quarter of the bytes that those of all features would take.
HOURS_SHOWN = 12
HISTORY_DAYS = 14
DRIFT_DAYS = 7

_COUNTS = ("both_null_sum", "left_null_sum", "right_null_sum", "mismatch_sum", "total_count")


@dataclass(frozen=True)
class Budgets:
    """The highest rates that are fine, and how many comparable rows a rate needs."""

    mismatch: float
    missing: float
    min_rows: int


@dataclass
class Sums:
    """One feature's counts over some hours."""

    both_null: float = 0
    left_null: float = 0
    right_null: float = 0
    mismatch: float = 0
    total: float = 0
    smape_weighted: float = 0
    has_smape: bool = False
    has_mismatch: bool = False  # a raw map is never compared, only counted

    def add(self, feature: str, row: Mapping[str, Any]) -> None:
        both, left, right, mismatch, total = (_number(row.get(f"{feature}_{count}")) or 0.0 for count in _COUNTS)
        self.both_null += both
        self.left_null += left
        self.right_null += right
        self.mismatch += mismatch
        self.total += total
        self.has_mismatch = self.has_mismatch or row.get(f"{feature}_mismatch_sum") is not None
        smape = _number(row.get(f"{feature}_smape_average"))
        if smape is not None:
            self.has_smape = True
            self.smape_weighted += smape * total

    def merge(self, other: Sums) -> None:
        """Add another day's counts."""
        self.both_null += other.both_null
        self.left_null += other.left_null
        self.right_null += other.right_null
        self.mismatch += other.mismatch
        self.total += other.total
        self.smape_weighted += other.smape_weighted
        self.has_smape = self.has_smape or other.has_smape
        self.has_mismatch = self.has_mismatch or other.has_mismatch

    @property
    def matched(self) -> float:
        """Rows with a value on both sides."""
        return max(self.total - self.both_null - self.left_null - self.right_null, 0)


def features_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the features that the rows measure.

    A column name cannot be cut into feature and metric by itself, because a feature may be called `price_left` or `x_total_count`. But each feature
    has all the counts, so a name is a feature when the columns that it must have are there.
    """
    columns: set[str] = set()
    for row in rows:
        columns.update(row)
    ending = "_total_count"
    names = (column[: -len(ending)] for column in columns if column.endswith(ending))
    return sorted(name for name in names if name and all(f"{name}_{count}" in columns for count in _COUNTS[:3]))


def measure(
    join: str, ds: str, rows: Sequence[Mapping[str, Any]], sample_percent: float | None, budgets: Budgets
) -> dict[str, Any]:
    """Return the value of `chronon_consistency` for the day `ds` from the rows of that day and of the two weeks before."""
    by_day: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(str(row.get("ds", "")), []).append(row)
    features = features_of(rows)
    days = {day: _sums(features, by_day[day]) for day in sorted(by_day)}
    today = days.get(ds, {})
    week = _week_before(ds, days)
    judged = [_judge(name, sums, sample_percent, budgets, week.get(name)) for name, sums in today.items()]
    judged.sort(key=_worst_first)
    hours = _hours([feature["name"] for feature in judged[:HOURS_SHOWN]], by_day.get(ds, []), ds)
    for feature in judged:
        feature["hours"] = hours.get(feature["name"])
    reason = _why_not_measured(ds, today, sample_percent, budgets)
    over = sum(1 for feature in judged if feature["over"])
    return {
        "v": 1,
        "join": join,
        "ds": ds,
        "state": "not_measured" if reason else "breach" if over else "ok",
        "reason": reason,
        "why": "",
        "sample_percent": sample_percent,
        "total_rows": int(max((sums.total for sums in today.values()), default=0)),
        "matched_rows": int(max((sums.matched for sums in today.values()), default=0)),
        "budgets": {"mismatch": budgets.mismatch, "missing": budgets.missing},
        "features_total": len(judged),
        "features_over": 0 if reason else over,
        "features": judged[:FEATURES_SHOWN],
        "hours_of": len(hours),
        "history": _history(ds, days, sample_percent, budgets),
    }


def not_measured(
    join: str, ds: str, why: str, reason: str, sample_percent: float | None, budgets: Budgets
) -> dict[str, Any]:
    """Return the value of `chronon_consistency` for a day without any rows to read; `why` is for programs, `reason` for people."""
    return {**measure(join, ds, [], sample_percent, budgets), "state": "not_measured", "why": why, "reason": reason}


def _sums(features: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> dict[str, Sums]:
    sums = {feature: Sums() for feature in features}
    for row in rows:
        for feature, total in sums.items():
            total.add(feature, row)
    return sums


def _hours(
    features: Sequence[str], rows: Sequence[Mapping[str, Any]], ds: str
) -> dict[str, dict[str, list[int | None]]]:
    """Return for each feature its counts by hour of the day in UTC: 24 places, null where the hour had no requests.

    Nothing is told when a row does not say which hour of the day it is, as where a reader gives whole days: the others would not
    add up to the day.
    """
    by_hour: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        hour = _hour(row, ds)
        if hour is None:
            return {}
        by_hour.setdefault(hour, []).append(row)
    sums = {hour: _sums(features, of_hour) for hour, of_hour in by_hour.items()}
    return {name: _places([sums[hour][name] if hour in sums else None for hour in range(24)]) for name in features}


def _places(hours: Sequence[Sums | None]) -> dict[str, list[int | None]]:
    """Return what is told of a feature's hours. A raw map has no mismatches to tell."""
    asked = [sums if sums is not None and sums.total > 0 else None for sums in hours]
    return {
        "rows": [int(sums.matched) if sums else None for sums in asked],
        "mismatch": [int(sums.mismatch) if sums and sums.has_mismatch else None for sums in asked],
        "missing_online": [int(sums.right_null) if sums else None for sums in asked],
    }


def _hour(row: Mapping[str, Any], ds: str) -> int | None:
    """Return the hour of the day `ds` that a row is of, by `ts`, the start of the hour in milliseconds."""
    ts = _number(row.get("ts"))
    try:
        start = datetime.fromtimestamp((ts or 0) / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):  # not a moment that there is
        return None
    return start.hour if start.date().isoformat() == ds else None


def _week_before(ds: str, days: Mapping[str, Mapping[str, Sums]]) -> dict[str, Sums]:
    """Return each feature's counts over the seven days before `ds`. A single day would make a drift of every Sunday."""
    oldest = (date.fromisoformat(ds) - timedelta(days=DRIFT_DAYS)).isoformat()
    week: dict[str, Sums] = {}
    for day, features in days.items():
        if oldest <= day < ds:
            for name, sums in features.items():
                week.setdefault(name, Sums()).merge(sums)
    return week


def _mismatch(sums: Sums | None, budgets: Budgets) -> float | None:
    if sums is None or not sums.has_mismatch:
        return None
    return _rate(sums.mismatch, sums.matched, budgets.min_rows)


def _judge(
    name: str, sums: Sums, sample_percent: float | None, budgets: Budgets, week: Sums | None = None
) -> dict[str, Any]:
    """Return one element of `features`. A rate is null when fewer than `min_rows` rows carry it, and so is the drift from the week before."""
    mismatch, before = _mismatch(sums, budgets), _mismatch(week, budgets)
    missing_online = _rate(sums.right_null, sums.matched + sums.right_null, budgets.min_rows)
    missing_offline = None
    if sample_percent is not None and sample_percent >= 100:
        missing_offline = _rate(sums.left_null, sums.matched + sums.left_null, budgets.min_rows)
    smape = None
    if sums.has_smape and sums.matched >= max(budgets.min_rows, 1):
        smape = round(sums.smape_weighted / sums.matched, 6)
    over = []
    if mismatch is not None and mismatch > budgets.mismatch:
        over.append("mismatch")
    if missing_online is not None and missing_online > budgets.missing:
        over.append("missing_online")
    if missing_offline is not None and missing_offline > budgets.missing:
        over.append("missing_offline")
    return {
        "name": name,
        "rows": int(sums.matched),
        "mismatch": mismatch,
        "missing_online": missing_online,
        "missing_offline": missing_offline,
        "smape": smape,
        "drift": round(mismatch - before, 6) if mismatch is not None and before is not None else None,
        "over": over,
    }


def _rate(part: float, whole: float, min_rows: int) -> float | None:
    return round(part / whole, 6) if whole >= max(min_rows, 1) else None


def _worst_first(feature: Mapping[str, Any]) -> tuple[Any, ...]:
    rates = [feature[key] or 0.0 for key in ("mismatch", "missing_online", "missing_offline")]
    return (-len(feature["over"]), -max(rates), -rates[0], feature["name"])


def _why_not_measured(ds: str, today: Mapping[str, Sums], sample_percent: float | None, budgets: Budgets) -> str:
    if not today:
        return f"the consistency table has no rows for {ds}"
    compared = max(sums.matched + sums.right_null for sums in today.values())
    if compared >= budgets.min_rows:
        return ""
    total = max(sums.total for sums in today.values())
    drawn = f" at {sample_percent:g} % sampling" if sample_percent is not None else ""
    return f"only {compared:g} of {total:g} logged rows could be compared{drawn}; {budgets.min_rows} are needed"


def _history(
    ds: str, days: Mapping[str, Mapping[str, Sums]], sample_percent: float | None, budgets: Budgets
) -> list[dict[str, Any]]:
    """Return the measured days of the last two weeks, oldest first, each with its worst mismatch."""
    oldest = (date.fromisoformat(ds) - timedelta(days=HISTORY_DAYS - 1)).isoformat()
    history = []
    for day, sums in days.items():
        if not oldest <= day <= ds or _why_not_measured(day, sums, sample_percent, budgets):
            continue
        judged = [_judge(name, sum_, sample_percent, budgets) for name, sum_ in sums.items()]
        rates = [feature["mismatch"] for feature in judged if feature["mismatch"] is not None]
        history.append(
            {"ds": day, "over": sum(1 for feature in judged if feature["over"]), "mismatch": max(rates, default=None)}
        )
    return history


def _number(value: Any) -> float | None:
    """Read a count or rate; some readers print numbers as text, and Spark prints NaN."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
