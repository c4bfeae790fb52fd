"""The store's own questions, what has landed from outside, and many writers at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from conftest import STANDIN, TODAY, YESTERDAY, World
from warehouse import Warehouse, fields_of


@pytest.mark.parametrize(
    "table, partition, there",
    [
        ("data.checkouts", f"ds={YESTERDAY}", True),
        ("data.checkouts", f"ds={TODAY}", False),
        ("data.checkouts", "ds=2026-09-30", False),
        ("data.checkouts", "", True),
        ("data.checkouts", f"day={YESTERDAY}", False),
        ("data.checkouts", "ds=yesterday", False),
        ("data.clicks_legacy", "ds=2026-10-20", True),
        ("data.clicks_legacy", "ds=2026-10-21", False),
        ("data.clicks", f"ds={YESTERDAY}/site=main", True),
        ("data.clicks", f"ds={YESTERDAY}/site=other", False),
        ("data.clicks", f"ds={YESTERDAY}/hr=00", False),
        ("data.listings_mutations", f"ds={YESTERDAY}/hr=00", True),
        ("data.ad_impressions", f"day={YESTERDAY}", True),
        ("data.ad_impressions", f"ds={YESTERDAY}", False),
        ("data.merchant_risk_scores", f"ds={YESTERDAY}", False),
        ("data.merchant_risk_scores", "ds=2026-11-21", True),
        ("data.chronon_log", f"ds={YESTERDAY}/name=payments%2Fcheckout.v1", True),
        ("data.chronon_log", "ds=2026-11-08", False),
        ("data.no_such_table", f"ds={YESTERDAY}", False),
        ("nobody.writes_this", f"ds={YESTERDAY}", False),
        ("nobody.writes_this", "", False),
    ],
)
def test_outside_tables_land_by_their_rules(world: World, table: str, partition: str, there: bool) -> None:
    assert world.has(table, partition) == there


def test_a_day_lands_when_it_is_over(world: World) -> None:
    world.now = f"{TODAY}T23:59:59"
    assert not world.has("data.checkouts", f"ds={TODAY}")
    world.now = "2026-11-24T00:00:00"
    assert world.has("data.checkouts", f"ds={TODAY}")


def test_a_source_can_be_withheld_and_released(world: World) -> None:
    assert world.store("withhold", "data.checkouts", YESTERDAY).returncode == 0
    assert world.store("withhold", "data.clicks").returncode == 0
    assert not world.has("data.checkouts", f"ds={YESTERDAY}") and world.has("data.checkouts", "ds=2026-11-21")
    assert not world.has("data.clicks", "ds=2026-11-21")
    assert "held    data.clicks (every day)" in world.store("list").stdout
    assert world.store("release", "data.checkouts", YESTERDAY).returncode == 0
    assert world.has("data.checkouts", f"ds={YESTERDAY}")
    assert world.store("withhold", "payments.payments_checkout_v1").returncode == 2


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("has",),
        ("has", "a.b"),
        ("no-such-command",),
        ("has", "a.b", "not a partition"),
        ("consistency", "a.b", "x", "y"),
    ],
)
def test_wrong_questions_exit_2(world: World, args: tuple[str, ...]) -> None:
    assert world.store(*args).returncode == 2


def test_no_store_is_named(world: World) -> None:
    world.more_env["CHRONON_STANDIN_STORE"] = ""
    answer = world.store("has", "a.b", "")
    assert answer.returncode == 2 and "CHRONON_STANDIN_STORE is not set" in answer.stdout
    done = world.run("backfill", "staging_queries/core/customers.v1")
    assert done.returncode == 1 and "CHRONON_STANDIN_STORE is not set" in done.stdout


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none(world: World, speed: str) -> None:
    world.more_env["CHRONON_STANDIN_SPEED"] = speed
    done = world.run("backfill", "staging_queries/core/customers.v1")
    assert done.returncode == 1 and "CHRONON_STANDIN_SPEED" in done.stdout


def test_kv_load_takes_the_day_that_the_table_holds(world: World) -> None:
    table, dataset = "payments.payments_card_stream_v1_upload", "PAYMENTS_CARD_STREAM_V1_BATCH"
    early = world.store("kv-load", table, dataset, YESTERDAY)
    assert early.returncode == 1 and f"table {table} does not exist" in early.stdout
    world.succeed("upload", "group_bys/payments/card_stream.v1")
    other = world.store("kv-load", table, dataset, "2026-11-21")
    assert other.returncode == 1 and f"holds the values of {YESTERDAY}, not of 2026-11-21" in other.stdout
    done = world.store("kv-load", table, dataset, YESTERDAY)
    assert done.returncode == 0 and f"Loaded 41 rows of {table}" in done.stdout
    assert f"serves {YESTERDAY}" in world.store("list").stdout


def test_list_shows_tables_and_streams(world: World) -> None:
    world.succeed("backfill", "staging_queries/core/customers.v1")
    world.succeed("streaming", "group_bys/payments/card_stream.v1")
    listing = world.store("list").stdout
    assert "table   core.core_customers_v1" in listing and "53 partitions  2026-10-01 to 2026-11-22" in listing
    assert "stream  chronon_group_bys_streaming_production_payments.card_stream.v1" in listing


def test_partition_names_are_read() -> None:
    assert fields_of("ds=2026-11-21/hr=00") == {"ds": "2026-11-21", "hr": "00"}
    for wrong in ("ds", "ds=", "=x", "ds=1//hr=2", ""):
        with pytest.raises(ValueError):
            fields_of(wrong)


def test_sixteen_writers_make_and_fill_one_store(world: World) -> None:
    """Sixteen processes at once, on a store that does not exist yet, as the first minute of a demo has them."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from warehouse import Warehouse\n"
        "for n in range(20):\n"
        "    warehouse = Warehouse(Path(sys.argv[2]))\n"
        "    warehouse.add_partitions('t.t', {f'ds={sys.argv[3]}-{n}': 1})\n"
        "    warehouse.count_try('job', 'day')\n"
    )

    def write(number: int) -> subprocess.CompletedProcess:
        argv = [sys.executable, "-c", script, str(STANDIN), str(world.folder), str(number)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120)

    with ThreadPoolExecutor(16) as pool:
        for done in pool.map(write, range(16)):
            assert done.returncode == 0, done.stderr
    warehouse = Warehouse(world.folder)
    assert len(warehouse.days("t.t")) == 16 * 20
    assert warehouse.count_try("job", "day") == 16 * 20 + 1


def test_a_job_takes_its_time(world: World) -> None:
    world.more_env["CHRONON_STANDIN_SPEED"] = "4"
    started = datetime.now()
    world.succeed("upload", "group_bys/payments/card_stream.v1")
    assert 0.3 < (datetime.now() - started).total_seconds() < 30


def test_a_partition_can_land_without_a_job(world: World) -> None:
    assert not world.has("core.t", "ds=2026-11-21/hr=00")
    assert world.store("land", "core.t", "ds=2026-11-21/hr=00").returncode == 0
    assert world.has("core.t", "ds=2026-11-21/hr=00") and not world.has("core.t", "ds=2026-11-20")
