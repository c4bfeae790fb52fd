"""What a triggered run may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from chronon_rt.run_options import BadOptions, RunOptions, parse

CONFS = ("pay.a", "pay.b")


def test_a_scheduled_run_asks_for_nothing() -> None:
    assert parse({}, CONFS) == RunOptions()
    assert parse({"other": 1}, CONFS) == RunOptions()


def test_all_options_become_arguments() -> None:
    asked = {
        "start_ds": "2026-11-01",
        "end_ds": "2026-11-10",
        "parallelism": 3,
        "step_days": 2,
        "parts": ["a_b", "c"],
        "confs": ["pay.a"],
        "wait": False,
    }
    options = parse({"chronon": asked}, CONFS)
    assert options.arguments() == [
        "--start-ds", "2026-11-01", "--end-ds", "2026-11-10", "--parallelism", "3", "--step-days", "2", "--run-first-hole",
        "--selected-join-parts", "a_b", "c",
    ]  # fmt: skip
    assert options.selects("pay.a") and not options.selects("pay.b") and options.selects("")
    assert not options.wait


def test_an_empty_request_is_still_a_request() -> None:
    assert parse({"chronon": {}}, CONFS) == RunOptions(given=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"start": "2026-11-01"},
            "unknown keys: start; known are start_ds, end_ds, step_days, parallelism, day_only, confs, parts, wait",
        ),
        ({"start_ds": "2026-11-31"}, "not a day"),
        ({"start_ds": "20261101"}, "not a day"),
        ({"end_ds": "2026-11-01; rm -rf /"}, "not a day"),
        ({"start_ds": "2026-11-02", "end_ds": "2026-11-01"}, "lies after"),
        ({"parallelism": 0}, "whole number"),
        ({"parallelism": True}, "whole number"),
        ({"parallelism": 4}, "needs chronon.start_ds"),
        ({"parallelism": 4, "start_ds": "2026-11-01", "end_ds": "2026-11-02"}, "more than the 2 days"),
        ({"day_only": "2026-11-01"}, "neither true nor false"),
        ({"day_only": True, "start_ds": "2026-11-01"}, "a range of its own"),
        ({"confs": ["pay.zzz"]}, "pay.zzz; this DAG has pay.a, pay.b"),
        ({"confs": []}, "list of names"),
        ({"confs": "pay.a"}, "list of names"),
        ({"parts": ["a b"]}, "not a name"),
        ({"wait": "no"}, "neither true nor false"),
        ("all", "not an object"),
    ],
)
def test_what_is_not_understood_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(BadOptions, match=None) as raised:
        parse({"chronon": asked}, CONFS)
    assert message in str(raised.value)


def test_a_range_is_refused_by_jobs_that_have_none() -> None:
    options = parse({"chronon": {"start_ds": "2026-11-01"}}, CONFS)
    assert options.refuses("backfill") is None
    assert "upload" in (options.refuses("upload") or "")


def test_a_single_day_is_the_range_of_jobs_that_fill_tables() -> None:
    options = parse({"chronon": {"day_only": True}}, CONFS)
    assert options.arguments("backfill", ds="2026-11-05") == [
        "--start-ds", "2026-11-05", "--end-ds", "2026-11-05", "--run-first-hole",
    ]  # fmt: skip
    assert "--run-first-hole" not in options.arguments("backfill", ds="2026-11-05", argv=["--run-first-hole"])
    assert options.arguments("model-transform-batch", ds="2026-11-05") == []
    assert options.refuses("backfill-final") is None and options.refuses("model-transform-batch") is None
    assert "upload" in (options.refuses("upload") or "")
    assert parse({"chronon": {"day_only": False}}, CONFS).arguments("backfill", ds="2026-11-05") == []


def test_parts_are_refused_by_jobs_without_parts() -> None:
    options = parse({"chronon": {"parts": ["a"]}}, CONFS)
    assert options.refuses("backfill") is None
    assert "label-join" in (options.refuses("label-join") or "")


def test_a_join_in_parts_runs_the_parts_asked_for() -> None:
    options = parse({"chronon": {"parts": ["a"]}}, CONFS)
    assert options.refuses("backfill-left") is None
    assert options.refuses("backfill", "a") is None
    assert "parts a" in (options.refuses("backfill", "b") or "")
    assert options.arguments("backfill-left") == []
    assert options.arguments("backfill", "a") == []
