"""Real rows of T_consistency with planted differences (19 changed prices, 10 nulled online, one join at 100 % and one at 5 %)."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import Any

import pytest
from conftest import DATA, table_rows

from chronon_rt.consistency import Budgets, features_of, measure, not_measured

BUDGETS = Budgets(mismatch=0.01, missing=0.05, min_rows=30)
PRICE = "demo_purchases_v1_price_sum_3d"
COUNTS = ("both_null_sum", "left_null_sum", "right_null_sum", "mismatch_sum", "total_count")


ITEM, ITEMS = "demo_purchases_v1_item_last", "demo_purchases_v1_item_last3"
DWELL, URL = "demo_clicks_v1_dwell_count_1d", "demo_clicks_v1_url_last"

# What the whole tables held: (both null, left null, right null, mismatch) of 400 rows.
PLANTED = {
    "v1": {PRICE: (7, 0, 10, 19), ITEM: (3, 0, 0, 16), ITEMS: (3, 0, 4, 8), DWELL: (20, 0, 0, 0), URL: (0, 0, 0, 0)},
    "v5": {
        PRICE: (17, 366, 0, 0),
        ITEM: (3, 380, 0, 1),
        ITEMS: (7, 376, 0, 0),
        DWELL: (20, 361, 0, 0),
        URL: (0, 381, 0, 0),
    },
}


def planted(name: str) -> list[dict[str, Any]]:
    """Return the counts of a whole real table in one row."""
    whole: dict[str, Any] = {}
    for feature, (both, left, right, mismatch) in PLANTED[name].items():
        whole.update(row(feature, 400, both_null=both, left_null=left, right_null=right, mismatch=mismatch))
    return [whole]


def by_name(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {feature["name"]: feature for feature in found["features"]}


def test_planted_differences_come_back_exactly_at_full_sampling() -> None:
    found = measure("demo.checkout.v1", "2026-11-20", planted("v1"), 100.0, BUDGETS)
    price = by_name(found)[PRICE]
    assert (found["total_rows"], found["matched_rows"]) == (400, 400)
    assert price["rows"] == 383
    assert price["mismatch"] == round(19 / 383, 6)
    assert price["missing_online"] == round(10 / 393, 6)
    assert price["missing_offline"] == 0
    assert price["over"] == ["mismatch"]
    assert by_name(found)[ITEM]["mismatch"] == round(16 / 397, 6)
    assert by_name(found)[ITEMS]["mismatch"] == round(8 / 393, 6)
    assert by_name(found)[URL]["mismatch"] == 0
    assert (found["state"], found["features_total"], found["features_over"]) == ("breach", 5, 3)
    assert [feature["name"] for feature in found["features"]][:3] == [PRICE, ITEM, ITEMS], "worst first"


def test_at_five_percent_nineteen_rows_are_too_few_to_judge() -> None:
    found = measure("demo.checkout.v5", "2026-11-20", planted("v5"), 5.0, BUDGETS)
    assert found["state"] == "not_measured"
    assert found["reason"] == "only 19 of 400 logged rows could be compared at 5 % sampling; 30 are needed"
    assert found["features_over"] == 0
    assert found["history"] == []


def test_below_full_sampling_missing_offline_is_unknown_and_the_other_rates_are_over_compared_rows() -> None:
    found = measure("j", "2026-11-20", planted("v5"), 5.0, Budgets(0.01, 0.05, min_rows=10))
    features = by_name(found)
    assert all(feature["missing_offline"] is None for feature in features.values())
    assert features[ITEM]["mismatch"] == round(1 / 17, 6)
    assert (found["state"], found["matched_rows"], found["total_rows"]) == ("breach", 19, 400)


def test_real_hourly_rows_are_added_up_by_day() -> None:
    rows = table_rows("v1")
    found = measure("j", "2026-11-19", rows, 100.0, BUDGETS)
    total = {key: sum(r[f"{PRICE}_{key}"] for r in rows if r["ds"] == "2026-11-19") for key in COUNTS}
    matched = total["total_count"] - total["both_null_sum"] - total["left_null_sum"] - total["right_null_sum"]
    assert by_name(found)[PRICE]["rows"] == matched > 30
    assert by_name(found)[PRICE]["mismatch"] == round(total["mismatch_sum"] / matched, 6) > 0
    assert sorted(by_name(found)) == sorted(PLANTED["v1"])
    assert [entry["ds"] for entry in found["history"]] == ["2026-11-16", "2026-11-17", "2026-11-19"], (
        "too few rows on the 18th"
    )


def test_real_rows_at_five_percent_are_not_measured() -> None:
    found = measure("j", "2026-11-18", table_rows("v5"), 5.0, BUDGETS)
    assert found["state"] == "not_measured" and "could be compared at 5 % sampling" in found["reason"]


def test_history_goes_back_fourteen_days() -> None:
    days = [f"2026-11-{day:02d}" for day in range(1, 21)]
    rows = [row("f", 100, mismatch=day) | {"ds": ds} for day, ds in enumerate(days)]
    history = measure("j", "2026-11-20", rows, 100.0, BUDGETS)["history"]
    assert [entry["ds"] for entry in history] == days[-14:]
    assert history[-1] == {"ds": "2026-11-20", "over": 1, "mismatch": 0.19}


def test_drift_is_against_all_rows_of_the_week_before() -> None:
    week = [row("f", 100, mismatch=1) | {"ds": f"2026-11-{day}"} for day in (13, 14, 15)]
    sunday = row("f", 300, mismatch=12) | {"ds": "2026-11-16"}
    older = row("f", 100, mismatch=90) | {"ds": "2026-11-12"}
    rows = [older, *week, sunday, row("f", 100, mismatch=10)]
    found = measure("j", "2026-11-20", rows, 100.0, BUDGETS)
    assert by_name(found)["f"]["drift"] == round(10 / 100 - 15 / 600, 6)


@pytest.mark.parametrize(
    "before", [[], [{"ds": "2026-11-19", "f_total_count": 20}], [{"ds": "2026-11-12", "f_total_count": 500}]]
)
def test_without_enough_rows_in_the_week_before_there_is_no_drift(before: list[dict[str, Any]]) -> None:
    rows = [row("f", 100, mismatch=10), *({**row("f", 0), **one} for one in before)]
    assert by_name(measure("j", "2026-11-20", rows, 100.0, BUDGETS))["f"]["drift"] is None


def row(feature: str, total: int, **counts: Any) -> dict[str, Any]:
    values = {"both_null_sum": 0, "left_null_sum": 0, "right_null_sum": 0, "mismatch_sum": 0, "total_count": total}
    values.update({f"{key}_sum": value for key, value in counts.items()})
    return {"ds": "2026-11-20", "ts": 0, "JoinPath": "a/b"} | {
        f"{feature}_{key}": value for key, value in values.items()
    }


def test_features_named_like_metrics_are_told_apart() -> None:
    names = ["price", "price_left", "price_mismatch", "x_total_count", "x_left_null_sum", "a_left_minus"]
    rows = [{}]
    for name in names:
        rows[0].update(row(name, 100, mismatch=len(name)))
    rows[0]["price_left_approx_percentile"] = [1.0, 2.0]
    assert features_of(rows) == sorted(names)
    found = by_name(measure("j", "2026-11-20", rows, 100.0, BUDGETS))
    assert {name: found[name]["mismatch"] for name in names} == {name: len(name) / 100 for name in names}


def test_a_feature_that_is_never_served_is_over_although_no_row_matches() -> None:
    rows = [row("fine", 100) | row("gone", 100, right_null=100)]
    found = measure("j", "2026-11-20", rows, 100.0, BUDGETS)
    gone = by_name(found)["gone"]
    assert (gone["rows"], gone["mismatch"], gone["missing_online"]) == (0, None, 1.0)
    assert found["state"] == "breach" and gone["over"] == ["missing_online"]


def test_a_raw_map_has_no_mismatch_rate() -> None:
    rows = [row("map", 100)]
    del rows[0]["map_mismatch_sum"]
    assert by_name(measure("j", "2026-11-20", rows, 100.0, BUDGETS))["map"]["mismatch"] is None


def test_smape_is_freed_of_the_rows_with_a_null() -> None:
    rows = [row("f", 100, right_null=50) | {"f_smape_average": 0.1}]
    assert by_name(measure("j", "2026-11-20", rows, 100.0, BUDGETS))["f"]["smape"] == 0.2


def test_not_a_number_never_reaches_the_json() -> None:
    rows = [row("f", 100) | {"f_smape_average": float("nan")}, row("f", 100) | {"f_mismatch_sum": "7"}]
    found = measure("j", "2026-11-20", rows, 100.0, BUDGETS)
    assert by_name(found)["f"]["mismatch"] == 0.035
    json.dumps(found, allow_nan=False)


def test_a_day_without_rows_is_not_measured() -> None:
    found = measure("j", "2026-11-30", table_rows("v1"), 100.0, BUDGETS)
    assert (found["state"], found["reason"]) == ("not_measured", "the consistency table has no rows for 2026-11-30")
    assert found["features"] == []


def test_what_could_not_be_read_keeps_the_reason() -> None:
    found = not_measured("j", "2026-11-20", "not_read", "the reader broke", None, BUDGETS)
    assert (found["state"], found["why"], found["features"]) == ("not_measured", "not_read", [])
    assert found["reason"] == "the reader broke"


def test_a_thousand_features_are_cut_to_the_worst_fifty_and_hours_to_the_worst_twelve() -> None:
    rows = [hour(at, {}) for at in range(24)]
    for one in rows:
        for number in range(1000):
            counts = row(f"a_feature_with_a_name_of_more_than_fifty_letters_{number:04d}", 9_999_999, mismatch=1_000_000 + 1000 * number)
            one.update({key: value for key, value in counts.items() if key not in ("ds", "ts")})
    found = measure("j", "2026-11-20", rows, 100.0, BUDGETS)
    assert found["features_total"] == 1000 and len(found["features"]) == 50
    assert found["features"][0]["name"].endswith("_0999")
    assert [feature["hours"] is not None for feature in found["features"]] == [True] * 12 + [False] * 38
    assert found["hours_of"] == 12
    assert len(json.dumps(found, separators=(",", ":"))) < 20_000


@pytest.mark.parametrize(("name", "ds", "percent"), [("v1", "2026-11-19", 100.0), ("v5", "2026-11-18", 5.0)])
def test_reports_of_real_rows_are_those_that_the_readers_are_tested_with(name: str, ds: str, percent: float) -> None:
    """internal/fleet reads these files: what the runtime writes is what is understood there. UPDATE_REPORTS=1 writes them anew."""
    found = measure(f"demo.checkout.{name}", ds, table_rows(name), percent, Budgets(0.01, 0.05, min_rows=1))
    file = DATA / f"consistency_{name}.report.json"
    if os.environ.get("UPDATE_REPORTS"):
        file.write_text(json.dumps(found, indent=1) + "\n")
    assert json.loads(file.read_text()) == found


def hour(at: int, counts: dict[str, Any], ds: str = "2026-11-20") -> dict[str, Any]:
    """Return a row of one hour of a day."""
    midnight = datetime.fromisoformat(ds).replace(tzinfo=timezone.utc).timestamp()
    return {**counts, "ds": ds, "ts": int(midnight + at * 3600) * 1000}


def test_real_rows_are_told_by_hour() -> None:
    found = measure("j", "2026-11-19", table_rows("v1"), 100.0, BUDGETS)
    hours = by_name(found)[PRICE]["hours"]
    rows = {0: 2, 1: 2, 3: 7, 4: 4, 7: 3, 8: 3, 9: 3, 11: 5, 16: 4, 18: 5, 20: 7, 21: 6, 22: 6}
    differ = {1: 1, 11: 1, 16: 1, 20: 1}
    assert hours["rows"] == [rows.get(at) for at in range(24)], "null: nobody asked in that hour"
    assert hours["mismatch"] == [differ.get(at, 0) if at in rows else None for at in range(24)]
    assert hours["missing_online"] == [int(at == 16) if at in rows else None for at in range(24)]
    assert found["hours_of"] == 5
    for feature in found["features"]:
        assert sum(filter(None, feature["hours"]["rows"])) == feature["rows"]


def test_an_hour_of_which_no_row_was_drawn_is_not_one_without_requests() -> None:
    found = measure("j", "2026-11-17", table_rows("v5"), 5.0, BUDGETS)
    rows = by_name(found)[PRICE]["hours"]["rows"]
    assert rows == [0 if at in (5, 10) else None for at in range(24)]


def test_only_the_hours_of_the_day_itself_are_told() -> None:
    rows = [hour(at, row("f", 100, mismatch=3), ds) for ds in ("2026-11-19", "2026-11-20") for at in (0, 23)]
    found = by_name(measure("j", "2026-11-20", rows, 100.0, BUDGETS))["f"]["hours"]
    assert found["mismatch"] == [3] + [None] * 22 + [3]


@pytest.mark.parametrize("ts", [None, "noon", 0, -1, 1e300, float("nan"), 1795132799999, 1795219200000, True])
def test_hours_that_do_not_add_up_to_the_day_are_not_told(ts: Any) -> None:
    rows = [hour(3, row("f", 100)), {**row("f", 100), "ts": ts}]
    found = measure("j", "2026-11-20", rows, 100.0, BUDGETS)
    assert (by_name(found)["f"]["hours"], found["hours_of"]) == (None, 0)
    assert by_name(found)["f"]["rows"] == 200, "the day itself is measured all the same"


def test_rows_of_one_hour_are_added_up_and_a_raw_map_has_no_mismatches() -> None:
    one = row("map", 100, right_null=10)
    del one["map_mismatch_sum"]
    found = measure("j", "2026-11-20", [hour(7, one), hour(7, one)], 100.0, BUDGETS)
    hours = by_name(found)["map"]["hours"]
    assert (hours["rows"][7], hours["mismatch"][7], hours["missing_online"][7]) == (180, None, 20)
