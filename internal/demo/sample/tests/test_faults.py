"""What goes wrong on purpose, and how it looks."""

from __future__ import annotations

import json

from conftest import YESTERDAY, World

BIDDING = "joins/ads/bidding.v1"
INCONSISTENT = "payments_card_stream_v1_amount_sum_1h"


def test_the_flaky_join_fails_its_first_try_of_each_day(world: World) -> None:
    for ds in ("2026-11-21", YESTERDAY):
        first = world.run("backfill", BIDDING, ds)
        assert first.returncode == 1
        assert (
            'Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure'
            in first.stdout
        )
        assert "returned non-zero exit status 1" in first.stdout.splitlines()[-1]
        assert not world.has("ads.ads_bidding_v1", f"ds={ds}")
        world.succeed("backfill", BIDDING, ds)
        assert world.has("ads.ads_bidding_v1", f"ds={ds}")


def test_a_day_with_nothing_to_do_does_not_fail(world: World) -> None:
    world.run("backfill", BIDDING)
    world.succeed("backfill", BIDDING)
    assert "There is no data to compute" in world.succeed("backfill", BIDDING, "2026-11-21")


def rates(world: World, table: str, first: str, last: str) -> dict[str, tuple[float, float]]:
    """Mismatch and missing-online rate of each feature over matched rows, as the reference of T_consistency defines them."""
    answer = world.store("consistency", table, first, last)
    assert answer.returncode == 0, answer.stdout
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    features = [column.removesuffix("_total_count") for column in rows[0] if column.endswith("_total_count")]

    def total(feature: str, metric: str) -> int:
        return sum(row[f"{feature}_{metric}"] for row in rows)

    result = {}
    for feature in features:
        seen = total(feature, "total_count") - total(feature, "left_null_sum") - total(feature, "both_null_sum")
        missing = total(feature, "right_null_sum")
        result[feature] = (total(feature, "mismatch_sum") / (seen - missing), missing / seen)
    return result


def test_one_feature_is_inconsistent_on_every_day(logged: World) -> None:
    logged.succeed("consistency-metrics-compute", "joins/payments/checkout.v1")
    for day in range(9, 23):
        ds = f"2026-11-{day:02}"
        measured = rates(logged, "payments.payments_checkout_v1_consistency", ds, ds)
        assert len(measured) == 10
        for feature, (mismatch, missing) in measured.items():
            if feature == INCONSISTENT:
                assert mismatch > 0.02, f"{ds}: {mismatch}"
            else:
                assert mismatch < 0.01, f"{ds} {feature}: {mismatch}"
            assert missing < 0.05, f"{ds} {feature}: {missing}"


def test_consistency_rows_have_the_columns_of_real_ones(logged: World) -> None:
    logged.succeed("consistency-metrics-compute", "joins/payments/checkout.v1")
    table = "payments.payments_checkout_v1_consistency"
    lines = logged.store("consistency", table, YESTERDAY, YESTERDAY).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert 20 <= len(rows) <= 24
    assert [row["ts"] for row in rows] == sorted({row["ts"] for row in rows})
    row = rows[0]
    assert row["JoinPath"] == "payments/checkout.v1" and row["ds"] == YESTERDAY and row["ts"] % 3_600_000 == 0
    common = {"both_null_sum", "left_null_sum", "right_null_sum", "mismatch_sum", "total_count"}
    number = common | {
        "smape_average", "left_minus_right_approx_percentile", "left_approx_percentile", "right_approx_percentile",
    }  # fmt: skip
    array = common | {
        "edit_distance_insert_approx_percentile", "edit_distance_delete_approx_percentile",
        "left_length_approx_percentile", "right_length_approx_percentile", "mismatch_length_sum",
    }  # fmt: skip
    columns = {
        "payments_card_stream_v1_amount_sum_1h": number,
        "payments_card_stream_v1_amount_count_1h": number,
        "payments_card_spend_v1_merchant_id_last3": array,
        "core_customer_profile_v1_country": common,
        "core_customer_profile_v1_is_business": number,
    }
    for feature, metrics in columns.items():
        assert {key.removeprefix(feature + "_") for key in row if key.startswith(feature + "_")} == metrics
        for metric in metrics:
            value = row[f"{feature}_{metric}"]
            assert (len(value) == 42) if metric.endswith("percentile") else value >= 0


def test_the_same_day_measures_the_same_again(logged: World) -> None:
    logged.succeed("consistency-metrics-compute", "joins/payments/checkout.v1")
    table = "payments.payments_checkout_v1_consistency"
    first = logged.store("consistency", table, YESTERDAY, YESTERDAY).stdout
    (logged.folder / "warehouse.sqlite").unlink()
    logged.succeed("backfill", "joins/payments/checkout.v1")
    logged.succeed(
        "log-flattener", "joins/payments/checkout.v1", YESTERDAY, "--log-table=data.chronon_log", "--schema-table=s"
    )
    logged.succeed("consistency-metrics-compute", "joins/payments/checkout.v1")
    assert logged.store("consistency", table, YESTERDAY, YESTERDAY).stdout == first


def test_below_full_sampling_undrawn_rows_count_as_null_offline(logged: World) -> None:
    path = logged.repo / "production" / "joins/payments/checkout.v1"
    text = path.read_text().replace('"consistencySamplePercent": 100.0', '"consistencySamplePercent": 5.0')
    path.write_text(text, encoding="utf-8")
    logged.succeed("consistency-metrics-compute", "joins/payments/checkout.v1")
    answer = logged.store("consistency", "payments.payments_checkout_v1_consistency", YESTERDAY, YESTERDAY)
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    total = sum(row[f"{INCONSISTENT}_total_count"] for row in rows)
    left_null = sum(row[f"{INCONSISTENT}_left_null_sum"] for row in rows)
    assert 0.9 * total < left_null < total
