"""What all operators here have in common: the day of their run, the options of their run, and what they publish.

No operator has template fields, so that every string of a definition reaches its program as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from . import calendar_rules, compat, run_options
from .definitions import Settings
from .presence import Presence
from .rendering import Place


@dataclass(frozen=True)
class Surroundings:
    """What a task knows beyond its own definition."""

    settings: Settings
    place: Place
    cron: str
    confs: Sequence[str]  # all confs of the DAG, which a run may choose from


@dataclass(frozen=True)
class Run:
    """The run that a task belongs to."""

    logical: datetime
    options: run_options.RunOptions

    @property
    def day(self) -> date:
        return self.logical.date()


class ChrononTask(compat.BaseSensorOperator):
    """Base of all operators here. It is a sensor so that any of them may give its slot back and come again later.

    Those that never do say so with `comes_again`: Airflow then keeps a third less about each of them in its database.
    """

    template_fields: Sequence[str] = ()

    def __init__(self, *, surroundings: Surroundings, comes_again: bool = False, **kwargs: Any) -> None:
        super().__init__(mode="reschedule" if comes_again else "poke", **kwargs)
        self.surroundings = surroundings
        if not comes_again:
            compat.never_comes_again(self)

    @classmethod
    def get_serialized_fields(cls) -> frozenset[str]:
        """Return what Airflow keeps of a task in its database, without what is the same for every task here (`compat.DEFAULTED_FIELDS`)."""
        return frozenset(super().get_serialized_fields() - compat.DEFAULTED_FIELDS)

    @property
    def project(self) -> Settings:
        return self.surroundings.settings

    def run_of(self, context: Mapping[str, Any]) -> Run:
        """Return the run, or fail for good when it asks for something that is not understood."""
        try:
            options = run_options.parse(compat.run_conf(context), self.surroundings.confs)
        except run_options.BadOptions as error:
            raise compat.AirflowFailException(f"run configuration: {error}") from None
        return Run(compat.logical_date(context), options)

    def presence(self) -> Presence:
        return Presence(self.project, lambda line: self.log.warning("%s", line))

    def publish(self, context: Mapping[str, Any], key: str, value: Mapping[str, Any]) -> None:
        """Push a value as a JSON string: Airflow 2 would hand out anything else as Python's repr (README.md)."""
        context["ti"].xcom_push(key=key, value=json.dumps(value, separators=(",", ":"), allow_nan=False))

    def skipped(self, why: str) -> Exception:
        """Return the exception that skips this task, and put the reason into its log: Airflow 3 keeps that of the exception to itself."""
        self.log.info("Skipped: %s", why)
        return compat.AirflowSkipException(why)

    def why_not_for(self, run: Run, conf: str, schedule: str | None) -> str | None:
        """Return why a task of this conf has nothing to do in this run, or None."""
        if not run.options.selects(conf):
            return f"this run is for {', '.join(run.options.confs or ())} only"
        if not run.options.given and not calendar_rules.is_due(schedule, run.day, compat.cron_interval):
            return f"the schedule of {conf} ({schedule}) does not tick on {run.day}"
        return None


def decoded(value: Any) -> dict[str, Any] | None:
    """Read back what `publish` pushed; anything else is taken for nothing."""
    if not isinstance(value, str):
        return None
    try:
        read = json.loads(value)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
