"""The real logs of real jobs, each read for what it really says."""

from __future__ import annotations

import pytest
from conftest import log_lines

from chronon_rt.joblog import JobLog


def read(name: str) -> JobLog:
    log = JobLog()
    for line in log_lines(name):
        log.feed(line + "\n")
    return log


WORKED = {
    "10_staging_query_backfill": ["2026-11-14...2026-11-19"],
    "20_group_by_backfill": ["2026-11-16...2026-11-19"],
    "30_join": ["2026-11-16...2026-11-19"],
    "30_join_noisy": ["2026-11-16...2026-11-19"],
    "43_consistency": ["2026-11-16...2026-11-19"],
    "43_consistency_noisy": ["2026-11-16...2026-11-19"],
    "50_stats_summary": ["2026-11-16...2026-11-19"],
    "73_label_join_ok": ["2026-11-17...2026-11-19"],
}


@pytest.mark.parametrize("name", sorted(WORKED))
def test_a_job_that_worked_tells_its_ranges(name: str) -> None:
    log = read(name)
    assert log.ranges == WORKED[name]
    assert log.step == (1, 1)
    assert not log.idle


@pytest.mark.parametrize("name", ["22_group_by_upload_purchases", "42_log_flattener", *sorted(WORKED)])
def test_a_healthy_log_is_no_failure_and_no_no_op(name: str) -> None:
    log = read(name)
    assert log.failure(0) is None
    assert not log.idle
    assert not log.empty_writes


@pytest.mark.parametrize(
    "name",
    [
        "11_staging_query_backfill_again",
        "21_group_by_backfill_again",
        "31_join_again",
        "44_consistency_again",
        "45_log_flattener_again",
        "46_log_flattener_no_sample_percent",
        "80_join_upstream_not_landed",
    ],
)
def test_a_job_with_nothing_to_do_says_so(name: str) -> None:
    log = read(name)
    assert log.idle
    assert log.failure(0) is None


def test_missing_output_of_a_join_is_laid_on_its_late_upstream() -> None:
    absence = read("80_join_upstream_not_landed").absence("demo.demo_checkout_v1/ds=2026-11-20")
    assert absence.failure_class == "upstream_not_landed"
    assert "data.checkouts" in absence.message and "2026-11-20" in absence.message


def test_missing_output_of_a_staging_query_is_laid_on_its_empty_source() -> None:
    absence = read("81_staging_query_no_source_rows").absence("demo.demo_purchases_clean_v1/ds=2026-11-20")
    assert absence.failure_class == "empty_source"
    assert "0 rows" in absence.message


def test_missing_output_of_a_comparison_is_laid_on_its_empty_log() -> None:
    absence = read("65_consistency_empty_log_partition").absence("demo.demo_checkout_v1_consistency/ds=2026-11-20")
    assert absence.failure_class == "upstream_not_landed"


def test_missing_output_without_a_trace_says_only_that() -> None:
    absence = read("22_group_by_upload_purchases").absence("x.y/ds=2026-11-19")
    assert absence.failure_class == "not_landed"


def test_a_day_before_the_first_of_its_table_is_told_from_one_without_input() -> None:
    log = JobLog()
    log.feed("[t] {TableUtils} 927 - Skipping 1 partition(s) earlier than the earliest existing output partition (2026-11-21)")
    log.feed("[t] {StagingQuery} 85 - No unfilled range for pay.b given")
    absence = log.absence("pay.b/ds=2026-11-20")
    assert absence.failure_class == "before_first_day"
    assert "begins on 2026-11-21" in absence.message and "--run-first-hole" in absence.remedy
    assert log.absence("pay.b/ds=2026-11-22").failure_class == "nothing_to_do"


def test_nothing_to_do_is_the_reason_when_the_log_gives_no_better() -> None:
    assert read("46_log_flattener_no_sample_percent").absence("x.y").failure_class == "nothing_to_do"


def test_an_upload_counts_its_written_table() -> None:
    assert read("22_group_by_upload_purchases").written == ["demo.demo_purchases_v1_upload"]


def test_the_metadata_upload_that_failed_quietly_is_counted() -> None:
    log = JobLog()
    log.feed("[t] {Driver} 925 - Uploaded Chronon Configs to the KV store, success count = 12, failure count = 3")
    assert log.kv_failures == 3


def test_a_message_is_cut_to_a_bound() -> None:
    log = JobLog()
    log.feed('Exception in thread "main" ' + "x" * 10_000)
    failure = log.failure(1)
    assert failure is not None and len(failure.message) == 400
