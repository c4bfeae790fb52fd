"""What a triggered run may ask for: `conf = {"chronon": {...}}`, checked strictly.

A key or value that is not understood fails the run before any job starts, because a backfill that quietly ignores half of its
request is worse than none. What is understood becomes elements of run.py's command line, never text inside one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Callable

# Modes whose driver takes --start-partition-override and --step-days (run.py --start-ds: "staging query, group by backfill and join").
RANGE_MODES = ("backfill", "backfill-left", "backfill-final")

# What a run of a single day is for: the jobs that fill a table, and the models that run over it (they take no range, and compute the day of the run).
DAY_MODES = (*RANGE_MODES, "model-transform-batch")

# Chronon leaves days alone that lie before the first one of the output (TableUtils.unfilledRanges, skipFirstHole): what a backfill is mostly for.
FIRST_HOLE = "--run-first-hole"


class BadOptions(ValueError):
    """A run configuration that cannot be honoured."""


@dataclass(frozen=True)
class RunOptions:
    """The checked options of a run. `given` tells whether the run carried any, even an empty set."""

    given: bool = False
    start_ds: str | None = None
    end_ds: str | None = None
    step_days: int | None = None
    parallelism: int | None = None
    day_only: bool = False
    confs: tuple[str, ...] | None = None
    parts: tuple[str, ...] = ()
    wait: bool = True

    @property
    def ranged(self) -> bool:
        return any(value is not None for value in (self.start_ds, self.end_ds, self.step_days, self.parallelism))

    def selects(self, conf: str) -> bool:
        """Tell whether the run is for this conf; tasks without a conf belong to every run."""
        return self.confs is None or not conf or conf in self.confs

    def refuses(self, mode: str, part: str = "") -> str | None:
        """Return why a job of this mode, for this part of a join alone or for no certain one, has no place in this run, or None."""
        if self.ranged and mode not in RANGE_MODES:
            return f"this run asks for a range of days, which a job of mode {mode} cannot compute"
        if self.day_only and mode not in DAY_MODES:
            return f"this run fills one day of a table, which is not the work of mode {mode}"
        if self.parts and part and part not in self.parts:
            return f"this run asks for the join parts {', '.join(self.parts)}"
        if self.parts and mode not in RANGE_MODES:
            return f"this run asks for join parts, which a job of mode {mode} does not have"
        return None

    def arguments(
        self, mode: str = "backfill", part: str = "", ds: str | None = None, argv: Sequence[str] = ()
    ) -> list[str]:
        """Return what the options add to `argv`, the command line of a job that they do not refuse; `ds` is the day that it computes."""
        only = ds if self.day_only and mode in RANGE_MODES else None
        added: list[str] = []
        for option, value in (
            ("--start-ds", self.start_ds or only),
            ("--end-ds", self.end_ds or only),
            ("--parallelism", self.parallelism),
            ("--step-days", self.step_days),
        ):
            if value is not None:
                added += [option, str(value)]
        if (self.start_ds or only) and FIRST_HOLE not in argv:
            added.append(FIRST_HOLE)
        if self.parts and mode == "backfill" and not part:
            added += ["--selected-join-parts", *self.parts]
        return added


def _day(key: str, value: Any) -> str:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise BadOptions(f"chronon.{key} is {value!r}, not a day such as 2026-11-21")


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise BadOptions(f"chronon.{key} is {value!r}, not a whole number from 1 to 1000")
    return value


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadOptions(f"chronon.{key} is {value!r}, neither true nor false")
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(name, str) for name in value):
        raise BadOptions(f"chronon.{key} is {value!r}, not a list of names")
    for name in value:
        if not re.fullmatch(r"[\w.\-]+", name):
            raise BadOptions(f"chronon.{key} has {name!r}, which is not a name")
    return tuple(value)


_KEYS: Mapping[str, Callable[[str, Any], Any]] = {
    "start_ds": _day,
    "end_ds": _day,
    "step_days": _count,
    "parallelism": _count,
    "day_only": _flag,
    "confs": _names,
    "parts": _names,
    "wait": _flag,
}


def parse(conf: Mapping[str, Any], known_confs: Sequence[str]) -> RunOptions:
    """Check the configuration of a run of a DAG that holds `known_confs`."""
    if "chronon" not in conf:
        return RunOptions()
    asked = conf["chronon"]
    if not isinstance(asked, Mapping):
        raise BadOptions(f"chronon is {asked!r}, not an object with the keys {', '.join(_KEYS)}")
    unknown = sorted(str(key) for key in asked if key not in _KEYS)
    if unknown:
        raise BadOptions(f"chronon has unknown keys: {', '.join(unknown)}; known are {', '.join(_KEYS)}")
    options = RunOptions(
        given=True, **{key: _KEYS[key](key, value) for key, value in asked.items() if value is not None}
    )
    _check_range(options)
    strangers = sorted(set(options.confs or ()) - set(known_confs))
    if strangers:
        raise BadOptions(f"chronon.confs has {', '.join(strangers)}; this DAG has {', '.join(sorted(known_confs))}")
    return options


def _check_range(options: RunOptions) -> None:
    if options.start_ds and options.end_ds and options.start_ds > options.end_ds:
        raise BadOptions(f"chronon.start_ds {options.start_ds} lies after chronon.end_ds {options.end_ds}")
    if options.day_only and options.ranged:
        raise BadOptions("chronon.day_only is a range of its own: the day of the run")
    if options.parallelism is None or options.parallelism == 1:
        return
    if options.start_ds is None or options.end_ds is None:
        raise BadOptions("chronon.parallelism needs chronon.start_ds and chronon.end_ds: run.py splits that range")
    days = (date.fromisoformat(options.end_ds) - date.fromisoformat(options.start_ds)).days + 1
    if options.parallelism > days:
        raise BadOptions(f"chronon.parallelism is {options.parallelism}, more than the {days} days of the range")
