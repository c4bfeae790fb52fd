"""Whose values an upload table holds.

The upload table of a GroupBy is unpartitioned and overwritten by each upload (GroupByUpload.scala, saveUnPartitioned), while its KV
load reads it some time later. So an upload waits for loads that still need the table, and what a newer upload has overtaken is left out:
an older day must never replace a newer one, in the table or in the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from . import calendar_rules, compat

# States after which a KV load does not read the table any more.
LOAD_IS_OVER = ("success", "failed", "skipped", "upstream_failed", "removed")

# How many ticks ahead a newer upload is looked for.
NEWER_TICKS = 14


def unloaded_run(
    states: Mapping[str, Mapping[str, str | None]], this_run: str, upload: str, loads: Sequence[str]
) -> str | None:
    """Return the id of another run whose upload is in the table and not yet loaded, or None. `states` is {run id: {task id: state}}."""
    for run_id in sorted(states):
        tasks = states[run_id]
        waiting = any(tasks.get(load, "removed") not in LOAD_IS_OVER for load in loads)
        if run_id != this_run and tasks.get(upload) == "success" and waiting:
            return run_id
    return None


def newer_upload(context: Mapping[str, Any], uploads: Sequence[str], cron: str, logical: datetime) -> str | None:
    """Return the id of a later run that uploaded, or is uploading, or None."""
    dates = []
    for _ in range(NEWER_TICKS):
        logical = calendar_rules.next_tick(cron, logical, compat.cron_interval)
        dates.append(logical)
    for run_id, tasks in sorted(compat.task_states(context, uploads, logical_dates=dates).items()):
        if any(state in ("success", "running") for state in tasks.values()):
            return run_id
    return None
