"""Streaming jobs: run.py asks yarn_list.py what runs, and starts what does not."""

from __future__ import annotations

import json
import sys

from conftest import World

STEADY = "group_bys/payments/card_stream.v1"
FLAKY = "group_bys/search/listing_clicks.v1"
NAME = "chronon_group_bys_streaming_production_"


def keep_alive(world: World, conf: str) -> bool:
    """One tick; whether it had to start the stream."""
    log = world.succeed("streaming", conf)
    alive, started = "All good. No need to start a new app." in log, "Submitted application" in log
    assert alive != started, log
    return started


def running(world: World) -> list[dict]:
    done = world.call(sys.executable, "scripts/yarn_list.py")
    assert done.returncode == 0, done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_stream_is_started_once(world: World) -> None:
    assert running(world) == []
    assert [keep_alive(world, STEADY) for _ in range(3)] == [True, False, False]
    [app] = running(world)
    assert app["app_name"] == NAME + "payments.card_stream.v1"
    assert app["app_id"].startswith("application_") and app["app_id"] in app["kill_cmd"]
    assert app["app_id"] in app["tracking_url"]


def test_a_stream_is_accepted_and_then_runs(world: World) -> None:
    keep_alive(world, STEADY)
    assert running(world)[0]["status"] == "ACCEPTED"
    world.now = "2026-11-23T04:00:05"
    assert running(world)[0]["status"] == "RUNNING"


def test_the_flaky_stream_dies_as_planned_and_is_started_again(world: World) -> None:
    ticks = []
    for minute in (0, 1, 2, 20, 30):
        world.now = f"2026-11-23T04:{minute:02}:00"
        ticks.append(keep_alive(world, FLAKY))
    assert ticks == [True, True, False, False, True], "it lives four seconds, and then 25 minutes"


def test_chained_and_mutation_streams_start_too(world: World) -> None:
    assert keep_alive(world, "group_bys/payments/checkout_velocity.v1")
    assert keep_alive(world, "group_bys/search/listing_stock.v1")
    assert len(running(world)) == 2


def test_killing_ends_a_stream(world: World) -> None:
    keep_alive(world, STEADY)
    [app] = running(world)
    world.now = "2026-11-23T04:01:00"
    assert world.call(*app["kill_cmd"].split()).returncode == 0
    assert running(world) == []
    assert world.call(*app["kill_cmd"].split()).returncode == 1, "it is dead already"
    assert keep_alive(world, STEADY)


def test_two_streams_of_one_name_are_an_error(world: World) -> None:
    keep_alive(world, STEADY)
    submit = [
        str(world.env()["SPARK_SUBMIT_PATH"]), "--name", NAME + "payments.card_stream.v1", "--class", "ai.chronon.spark.Driver",
        "chronon.jar", "group-by-streaming", f"--conf-path=production/{STEADY}", "--online-jar=o.jar", "--online-class=O",
    ]  # fmt: skip
    assert world.call(*submit).returncode == 0
    done = world.run("streaming", STEADY)
    assert done.returncode == 1
    assert "More than one found, please kill them all" in done.stdout


def test_a_group_by_without_a_topic_cannot_stream(world: World) -> None:
    done = world.run("streaming", "group_bys/payments/card_spend.v1")
    assert done.returncode == 1
    assert "java.util.NoSuchElementException: None.get" in done.stdout


def test_a_stream_without_loaded_values_dies_where_the_fault_file_says_so(world: World) -> None:
    world.faults(stream_life_without_kv_load=30)
    keep_alive(world, STEADY)
    world.now = "2026-11-23T04:01:00"
    assert keep_alive(world, STEADY)
    world.succeed("upload", STEADY)
    load = world.store(
        "kv-load", "payments.payments_card_stream_v1_upload", "PAYMENTS_CARD_STREAM_V1_BATCH", "2026-11-22"
    )
    assert load.returncode == 0, load.stdout
    world.now = "2026-11-23T04:02:00"
    assert keep_alive(world, STEADY)
    world.now = "2026-11-23T14:00:00"
    assert not keep_alive(world, STEADY)


def test_a_yarn_that_fails_fails_the_tick(world: World) -> None:
    world.more_env["YARN_PATH"] = "false"
    done = world.run("streaming", STEADY)
    assert done.returncode == 1
    assert "Failed to retrieve running apps" in done.stdout
