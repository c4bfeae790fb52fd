"""Every log of a real run, with what the task that ran it would have made of it.

The logs are those of Chronon 0.0.115 on Spark 3.5, one for each way that a job can end: work, nothing to do, nothing done although it says so, failure.
Each is judged twice where it ended with 0: as if the promised partition had been seen, and as if it had not.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from conftest import DATA, log_lines

from chronon_rt import Job, Partition, Settings
from chronon_rt.job import RunChronon
from chronon_rt.joblog import JobLog
from chronon_rt.rendering import Place
from chronon_rt.run_options import RunOptions
from chronon_rt.task import Run, Surroundings

# log: (mode, outcome when its partition is there, class of failure when it is not). What landed nothing although it ended with 0 is marked:
# there the second is what happens, unless an older run has left the partition.
ENDED_WITH_0 = {
    "10_staging_query_backfill": ("backfill", "landed", "not_landed"),
    "11_staging_query_backfill_again": ("backfill", "nothing_to_do", "nothing_to_do"),
    "20_group_by_backfill": ("backfill", "landed", "not_landed"),
    "21_group_by_backfill_again": ("backfill", "nothing_to_do", "nothing_to_do"),
    "22_group_by_upload_purchases": ("upload", "landed", "not_landed"),
    "23_group_by_upload_clicks": ("upload", "landed", "not_landed"),
    "24_group_by_upload_purchases_again": ("upload", "landed", "not_landed"),
    "30_join": ("backfill", "landed", "not_landed"),
    "30_join_noisy": ("backfill", "landed", "not_landed"),
    "31_join_again": ("backfill", "nothing_to_do", "nothing_to_do"),
    "42_log_flattener": ("log-flattener", "landed", "not_landed"),
    "43_consistency": ("consistency-metrics-compute", "landed", "not_landed"),
    "43_consistency_noisy": ("consistency-metrics-compute", "landed", "not_landed"),
    "44_consistency_again": ("consistency-metrics-compute", "nothing_to_do", "not_landed"),
    "45_log_flattener_again": ("log-flattener", "nothing_to_do", "nothing_to_do"),
    "46_log_flattener_no_sample_percent": ("log-flattener", "nothing_to_do", "nothing_to_do"),  # landed nothing
    "47_log_flattener_v5": ("log-flattener", "landed", "not_landed"),
    "48_consistency_v5_sample5": ("consistency-metrics-compute", "landed", "not_landed"),
    "50_stats_summary": ("stats-summary", "landed", "not_landed"),
    "65_consistency_empty_log_partition": ("consistency-metrics-compute", "landed", "upstream_not_landed"),  # landed nothing
    "66_consistency_empty_log_partition_again": ("consistency-metrics-compute", "landed", "upstream_not_landed"),  # landed nothing
    "67_consistency_log_partition_absent": ("consistency-metrics-compute", "landed", "upstream_not_landed"),  # landed nothing
    "70_join_lab": ("backfill", "landed", "not_landed"),
    "73_label_join_ok": ("label-join", "landed", "not_landed"),
    "74_label_join_ok_again": ("label-join", "landed", "not_landed"),
    "80_join_upstream_not_landed": ("backfill", "nothing_to_do", "upstream_not_landed"),  # landed nothing
    "81_staging_query_no_source_rows": ("backfill", "landed", "empty_source"),  # landed nothing, and says "Wrote to table"
    # This one has old data in a table that was rewritten as a whole. Nothing can be looked for there; the wait before the upload is what prevents it.
    "82_group_by_upload_upstream_not_landed": ("upload", "landed", "not_landed"),
    "83_env_production": ("backfill", "nothing_to_do", "nothing_to_do"),
    "85_join_semantic_change": ("backfill", "landed", "not_landed"),
    "87_consistency_duplicate_log_rows": ("consistency-metrics-compute", "landed", "not_landed"),
    "88_log_summary": ("log-summary", "landed", "not_landed"),
    "89_stats_summary_again": ("stats-summary", "nothing_to_do", "nothing_to_do"),
    "95_sigterm_run_py": ("backfill", "nothing_to_do", "nothing_to_do"),  # run.py was killed, and its job went on to the end
    "96_consistency_noop_quiet": ("consistency-metrics-compute", "nothing_to_do", "not_landed"),
    "97_staging_noop_quiet": ("backfill", "nothing_to_do", "nothing_to_do"),
    "98_join_noop_quiet": ("backfill", "nothing_to_do", "nothing_to_do"),
    "99_empty_quiet": ("log-flattener", "nothing_to_do", "nothing_to_do"),  # landed nothing
}

# log: class of failure, and what the message says.
ENDED_WITH_1 = {
    "40_consistency_no_log_table": ("no_input", "Either partition range needs to have a valid start or"),
    "60_err_staging_bad_column": ("range_failed", "no_such_col"),
    "61_err_unknown_driver_arg": ("driver_option", "Unknown option 'no-such-arg"),
    "62_err_log_flattener_no_logs_for_join": ("no_logs_yet", "demo/checkout.v9"),
    "63_err_log_flattener_missing_required_args": ("driver_option", "Required option 'log-table' not found"),
    "71_label_join": ("driver", "left side of the join doesn't contain the key user_id"),
    "72_label_join_again": ("driver", "left side of the join doesn't contain the key user_id"),
    "90_group_by_backfill_no_start": ("no_start", "demo.clicks.v1"),
    "92_run_py_other_cwd": ("script_missing", "returned non-zero exit status 127"),
    "94_run_py_wrong_mode": ("invalid_mode", "Invalid mode"),
}


class Answering:
    """Stands in for the presence check, with one answer for all partitions."""

    can_look = True

    def __init__(self, there: bool) -> None:
        self.there = there

    def __call__(self, partition: Partition, day: Any) -> bool:
        return self.there


def judged(name: str, status: int, there: bool, mode: str = "backfill") -> tuple[Any, str]:
    """Return failure and outcome, as a task with this output would have published them."""
    log = JobLog()
    for line in log_lines(name):
        log.feed(line)
    job = Job(id="job", mode=mode, conf="pay.b", argv=("run",), outputs=(Partition("pay.b"),))
    surroundings = Surroundings(Settings(repo=""), Place("/support"), "0 0 * * *", ())
    operator = RunChronon(task_id="job", job=job, waits=(), surroundings=surroundings)
    operator.presence = lambda: Answering(there)  # type: ignore[method-assign,return-value,assignment]
    return operator._verdict(Run(datetime(2026, 11, 20, tzinfo=timezone.utc), RunOptions()), log, status)


def test_every_real_log_is_judged() -> None:
    logs = {path.name.removesuffix(".log.gz") for path in DATA.glob("*.log.gz")}
    assert logs == {*ENDED_WITH_0, *ENDED_WITH_1}


@pytest.mark.parametrize("name", sorted(ENDED_WITH_0))
def test_a_job_that_ended_with_0_is_judged_by_its_partition(name: str) -> None:
    mode, outcome, failure_class = ENDED_WITH_0[name]
    assert judged(name, 0, there=True, mode=mode) == (None, outcome)
    failure, ended = judged(name, 0, there=False, mode=mode)
    assert (failure.failure_class, ended) == (failure_class, "failed")
    assert failure.message.startswith("pay.b is not there") and failure.remedy


@pytest.mark.parametrize("name", sorted(ENDED_WITH_1))
def test_a_job_that_ended_with_1_has_a_class_and_a_message(name: str) -> None:
    failure, outcome = judged(name, 1, there=True)
    assert (failure.failure_class, outcome) == (ENDED_WITH_1[name][0], "failed"), failure
    assert ENDED_WITH_1[name][1] in failure.message
    assert failure.remedy
