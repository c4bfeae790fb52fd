"""The real run.py, through the scripts of the repository, into the stand-in: each mode, with work to do and without."""

from __future__ import annotations

import os
import sys

import pytest
from conftest import LOG_TABLES, STANDIN, TODAY, YESTERDAY, World

SWIPES = "staging_queries/payments/card_swipes.v1"
CHECKOUT = "joins/payments/checkout.v1"
T = "payments.payments_checkout_v1"


def test_staging_query_fills_every_day_from_its_start(world: World) -> None:
    log = world.succeed("backfill", SWIPES)
    table = "payments.payments_card_swipes_v1"
    assert "   Unfilled ranges: [2026-10-01...2026-11-22]\n" in log
    assert "Computing staging query for range: [2026-10-16...2026-10-30]  | [2/4]" in log, "the conf's --step-days=15"
    assert f"Wrote to table {table}, into partitions: [2026-11-15...2026-11-22] | [4/4]" in log
    assert f"Finished writing Staging Query data to {table}" in log
    assert world.has(table, "ds=2026-10-01") and world.has(table, f"ds={YESTERDAY}")
    assert not world.has(table, f"ds={TODAY}")
    assert f"No unfilled range for {table} given" in world.succeed("backfill", SWIPES)


def test_staging_query_over_an_empty_source_claims_to_have_written(world: World) -> None:
    world.succeed("backfill", SWIPES, "2026-11-21")
    world.store("withhold", "data.card_swipes_raw", YESTERDAY)
    log = world.succeed("backfill", SWIPES)
    assert "0 rows requested to be written into table payments.payments_card_swipes_v1" in log
    assert "Wrote to table payments.payments_card_swipes_v1, into partitions: [2026-11-22...2026-11-22] | [1/1]" in log
    assert not world.has("payments.payments_card_swipes_v1", f"ds={YESTERDAY}")


def test_group_by_backfill_waits_for_no_one_and_fills_what_landed(world: World) -> None:
    conf, table = "group_bys/payments/card_spend.v1", "payments.payments_card_spend_v1"
    assert f"Nothing to backfill for {table} - given" in world.succeed("backfill", conf), "nothing upstream yet"
    world.succeed("backfill", SWIPES)
    log = world.succeed("backfill", conf)
    assert "   Input tables: payments.payments_card_swipes_v1\n" in log
    assert "Computing group by for range: [2026-10-10...2026-11-08] [1/2]" in log, "the Driver's own 30 days a step"
    assert f"Wrote to table {table} for range: [2026-10-10...2026-11-22]" in log
    assert world.has(table, f"ds={YESTERDAY}")


def test_group_by_backfill_needs_a_start(world: World) -> None:
    done = world.run("backfill", "group_bys/payments/card_stream.v1")
    assert done.returncode == 1
    assert "GroupBy:payments.card_stream.v1 has null backfillStartDate." in done.stdout
    assert "CalledProcessError" in done.stdout.splitlines()[-1]


def test_upload_always_works_and_overwrites(world: World) -> None:
    conf, table = "group_bys/payments/card_stream.v1", "payments.payments_card_stream_v1_upload"
    for ds in ("2026-11-21", YESTERDAY, YESTERDAY):
        log = world.succeed("upload", conf, ds)
        assert "Accuracy: TEMPORAL" in log
        assert f"Finished writing to {table}" in log
        assert world.has(table) and world.has(table, f"ds={ds}")
    assert not world.has(table, "ds=2026-11-21"), "the table as a whole was rewritten"


def test_upload_does_not_mind_that_its_source_is_late(world: World) -> None:
    log = world.succeed("upload", "group_bys/core/customer_profile.v1")
    assert "Finished writing to core.core_customer_profile_v1_upload" in log


def test_join_writes_its_output_and_its_parts(logged: World) -> None:
    for table in (T, f"{T}_bootstrap", f"{T}_payments_card_stream_v1"):
        assert logged.has(table, f"ds={YESTERDAY}"), table
    assert logged.has(f"{T}_payments_card_spend_v1", "ds=2026-11-21"), "a snapshot part lies a day back"
    assert not logged.has(f"{T}_payments_card_spend_v1", f"ds={YESTERDAY}")
    again = logged.succeed("backfill", CHECKOUT)
    assert f"There is no data to compute based on end partition of {YESTERDAY}." in again


def test_join_whose_left_side_has_not_landed_writes_nothing_and_exits_0(world: World) -> None:
    world.store("withhold", "data.checkouts", YESTERDAY)
    world.succeed("backfill", CHECKOUT, "2026-11-21")
    log = world.succeed("backfill", CHECKOUT)
    assert f"   Missing input partitions: [{YESTERDAY}]\n" in log
    assert f"There is no data to compute based on end partition of {YESTERDAY}." in log
    assert not world.has(T, f"ds={YESTERDAY}")


def test_join_takes_a_range_and_steps(world: World) -> None:
    log = world.succeed("backfill", CHECKOUT, "2026-11-16", "--start-ds", "2026-11-10", "--step-days=3")
    assert "Computing join for range: [2026-11-16...2026-11-16]  | [3/3]" in log
    assert not world.has(T, "ds=2026-11-09") and world.has(T, "ds=2026-11-10")


def test_join_leaves_holes_before_its_first_day_alone(world: World) -> None:
    world.succeed("backfill", CHECKOUT, "2026-11-16", "--start-ds", "2026-11-15")
    log = world.succeed("backfill", CHECKOUT, "2026-11-17")
    assert "Skipping 36 partition(s) earlier than the earliest existing output partition (2026-11-15)" in log
    assert not world.has(T, "ds=2026-11-14") and world.has(T, "ds=2026-11-17")
    world.succeed("backfill", CHECKOUT, "2026-11-17", "--run-first-hole")
    assert world.has(T, "ds=2026-10-10")


def test_join_that_changed_its_meaning_archives_its_output(world: World) -> None:
    world.succeed("backfill", CHECKOUT)
    path = world.repo / "production" / CHECKOUT
    path.write_text(path.read_text().replace('"length": 7', '"length": 8'), encoding="utf-8")
    log = world.succeed("backfill", CHECKOUT)
    assert "Semantic changes detected, archiving output table." in log
    archived = f"{T}_20261123040000"
    assert world.has(archived, f"ds={YESTERDAY}") and world.has(T, f"ds={YESTERDAY}")
    assert not world.has(f"{T}_payments_card_stream_v1_20261123040000"), "an unchanged part stays"


def test_frozen_join_ends_where_its_source_ends(world: World) -> None:
    world.succeed("backfill", "joins/search/holdout.v1")
    assert world.has("search.search_holdout_v1", "ds=2026-10-31")
    assert not world.has("search.search_holdout_v1", "ds=2026-11-01")


def test_log_flattener_needs_its_tables(world: World) -> None:
    done = world.run("log-flattener", CHECKOUT)
    assert done.returncode == 1
    assert "[scallop] Error: Required option 'log-table' not found" in done.stdout


def test_log_flattener_unpacks_each_day_that_is_kept(logged: World) -> None:
    assert logged.has(f"{T}_logged", "ds=2026-11-09") and logged.has(f"{T}_logged", f"ds={YESTERDAY}")
    assert not logged.has(f"{T}_logged", "ds=2026-11-08"), "the raw log is kept for two weeks"
    again = logged.succeed("log-flattener", CHECKOUT, YESTERDAY, *LOG_TABLES)
    assert f"{T}_logged seems to be caught up - to either data.chronon_log(latest Some({YESTERDAY}))" in again


def test_log_flattener_of_a_join_that_is_not_logged(world: World) -> None:
    log = world.succeed("log-flattener", "joins/ads/bidding.v1", YESTERDAY, *LOG_TABLES)
    assert "samplePercent is unset for ads.bidding.v1. Exit." in log


def test_log_flattener_without_logs_fails(world: World) -> None:
    world.store("withhold", "data.chronon_log")
    done = world.run("log-flattener", CHECKOUT, YESTERDAY, *LOG_TABLES)
    assert done.returncode == 1
    assert "The join name payments/checkout.v1 does not have available logged data yet." in done.stdout


def test_consistency_without_a_log_fails(world: World) -> None:
    done = world.run("consistency-metrics-compute", CHECKOUT)
    assert done.returncode == 1
    assert "AssertionError: assertion failed: Either partition range needs to have a valid start or" in done.stdout


def test_consistency_compares_what_was_logged(logged: World) -> None:
    log = logged.succeed("consistency-metrics-compute", CHECKOUT)
    assert "Starting compare job for stats" in log and "Saving output." in log
    assert f"Finished writing to {T}_consistency\n" in log and f"Finished writing to {T}_consistency_upload\n" in log
    for table in ("comparison", "consistency", "consistency_upload", "comparison_payments_card_stream_v1"):
        assert logged.has(f"{T}_{table}", f"ds={YESTERDAY}"), table
    assert logged.has(f"{T}_consistency_upload", f"ds={TODAY}"), "its two schema rows land today"
    again = logged.succeed("consistency-metrics-compute", CHECKOUT)
    assert again.count("   Unfilled ranges: \n") == 2 and "Saving output." not in again


def test_label_join_computes_its_own_day_only(world: World) -> None:
    conf, table = "joins/payments/chargeback_training.v1", "payments.payments_chargeback_training_v1"
    world.succeed("backfill", conf)
    for _ in range(2):
        log = world.succeed("label-join", conf)
        assert f"Computing label join for range: [2026-11-09...2026-11-16]  Label DS: {YESTERDAY} | [1/1]" in log
        assert f"Final view with latest label created: {table}_labeled_latest" in log
    assert world.has(f"{table}_labels", f"label_ds={YESTERDAY}/ds=2026-11-16")
    assert world.has(f"{table}_labels", f"label_ds={YESTERDAY}")
    assert not world.has(f"{table}_labels", "label_ds=2026-11-21")
    assert world.has(f"{table}_labeled_latest")


def test_join_in_parts_becomes_the_same_table(world: World) -> None:
    world.succeed("backfill-left", CHECKOUT)
    assert world.has(f"{T}_bootstrap", f"ds={YESTERDAY}") and not world.has(T)
    part = ("--selected-join-parts", "payments_card_stream_v1", "--use-cached-left")
    world.succeed("backfill", CHECKOUT, YESTERDAY, *part)
    assert world.has(f"{T}_payments_card_stream_v1", f"ds={YESTERDAY}") and not world.has(T)
    world.succeed("backfill-final", CHECKOUT)
    assert world.has(T, f"ds={YESTERDAY}")
    done = world.run("backfill", CHECKOUT, YESTERDAY, "--selected-join-parts", "payments_typo", "--use-cached-left")
    assert done.returncode == 1 and "no join part payments_typo" in done.stdout


def test_models_stand_between_a_join_and_its_table(world: World) -> None:
    path = world.repo / "production" / CHECKOUT
    path.write_text(path.read_text().replace('{', '{"modelTransforms": {"transforms": []},', 1), encoding="utf-8")
    world.succeed("backfill", CHECKOUT)
    assert world.has(f"{T}_pre_mt", f"ds={YESTERDAY}") and not world.has(T)
    log = world.succeed("model-transform-batch", CHECKOUT)
    assert f"Running model transform batch job for range: 2026-10-10 to {YESTERDAY}" in log
    assert world.has(T, f"ds={YESTERDAY}")


def test_metadata_upload_takes_a_folder_and_counts_failures(world: World) -> None:
    world.more_env["PATH"] = f"{STANDIN}:{os.environ['PATH']}"
    log = world.succeed("metadata-upload", "joins//")
    assert "Uploaded Chronon Configs to the KV store, success count = 5, failure count = 0" in log
    (world.repo / "production" / "joins" / "ads" / "broken.v1").write_text("{", encoding="utf-8")
    assert "success count = 5, failure count = 1" in world.succeed("metadata-upload", "joins//")


@pytest.mark.parametrize("mode, suffix", [("stats-summary", "_daily_stats"), ("log-summary", "_logged_daily_stats")])
def test_statistics(logged: World, mode: str, suffix: str) -> None:
    assert "Finished writing stats." in logged.succeed(mode, CHECKOUT)
    assert logged.has(T + suffix, f"ds={YESTERDAY}")
    assert f"No data to compute for {T}{suffix}" in logged.succeed(mode, CHECKOUT)


def test_unknown_option_is_refused(world: World) -> None:
    done = world.run("backfill", SWIPES, YESTERDAY, "--no-such-arg=1")
    assert done.returncode == 1
    assert "[scallop] Error: Unknown option 'no-such-arg=1'" in done.stdout


def test_settings_come_from_teams_json(world: World) -> None:
    log = world.succeed("backfill", SWIPES)
    assert "From <team_env> setting EXECUTOR_MEMORY=8G" in log
    assert "From <default_env> setting DRIVER_MEMORY=2G" in log
    assert "setting APP_NAME=chronon_staging_queries_backfill_production_payments.card_swipes.v1" in log


def test_conf_and_teams_may_lie_outside_of_the_repository(world: World) -> None:
    bundle = world.folder.parent / "bundle"
    conf = bundle / "confs" / "0123456789abcdef" / "production" / "staging_queries" / "payments" / "card_swipes.v1"
    conf.parent.mkdir(parents=True)
    (world.repo / "production" / SWIPES).rename(conf)
    (bundle / "teams").mkdir()
    (world.repo / "teams.json").rename(bundle / "teams" / "teams.json")
    log = world.call(
        sys.executable, "-m", "ai.chronon.repo.run", "--mode", "backfill", "--conf", str(conf),
        "--env", "production", "--ds", YESTERDAY, "--repo", str(bundle / "teams"),
    )  # fmt: skip
    assert log.returncode == 0, log.stdout
    assert world.has("payments.payments_card_swipes_v1", f"ds={YESTERDAY}")
