"""The operators with a stand-in for Airflow's side: real programs, real files, no server."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import FakeTaskInstance, context, table_rows

from chronon_rt import (
    Consistency,
    Ds,
    Job,
    KvLoad,
    KvLoader,
    Partition,
    Sensor,
    Settings,
    Streaming,
    Summary,
    Wait,
    compat,
)
from chronon_rt.comparison import ConsistencySummary
from chronon_rt.job import RunChronon
from chronon_rt.joblog import JobLog
from chronon_rt.kv_load import LoadIntoKvStore
from chronon_rt.rendering import Place
from chronon_rt.stream import KeepAlive, KeepAliveSummary
from chronon_rt.task import Surroundings
from chronon_rt.wait import WaitForPartition

RAW = Wait("wait_for__raw__1", Partition("data.raw", (("ds", (Ds(),)),)))
OUTPUT = Partition("pay.b", (("ds", (Ds(),)),))
LOOK = "import os, sys; sys.exit(0 if os.path.exists(os.path.join(*[p for p in sys.argv[1:] if p])) else 1)"


class World:
    """A project whose store is a folder, with a run.py that is a shell script of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "store").mkdir()
        self.settings: dict[str, Any] = {}

    def land(self, table: str, *days: str) -> None:
        (self.folder / "store" / table).mkdir(exist_ok=True)
        for day in days:
            (self.folder / "store" / table / f"ds={day}").touch()

    def surroundings(self, cron: str = "0 0 * * *", confs: Sequence[str] = ("pay.b",)) -> Surroundings:
        sensor = Sensor(kind="command", argv=(sys.executable, "-S", "-c", LOOK, "store", "{table}", "{partition}"))
        settings = Settings(
            **{"repo": str(self.folder), "sensor": sensor, "env": {"FROM_SETTINGS": "1"}, **self.settings}
        )
        return Surroundings(settings, Place(str(self.folder / "_chronon_rt")), cron, confs)

    def job(self, script: str, cls: type = RunChronon, **kwargs: Any) -> Any:
        given: dict[str, Any] = {"outputs": (OUTPUT,), "mode": "backfill", "conf": "pay.b", **kwargs}
        extra = {key: given.pop(key) for key in ("waits", "loads") if key in given}
        argv = given.pop("argv", ("--ds", Ds()))
        job = Job(id="job", argv=("bash", self.write(script), *argv), **given)
        return cls(task_id="job", job=job, surroundings=self.surroundings(), **{"waits": (RAW,), **extra})

    def write(self, script: str) -> str:
        path = self.folder / "run.sh"
        path.write_text(script)
        return str(path)


@pytest.fixture
def world(tmp_path: Path, clock: Any) -> World:
    clock("2026-11-23T05:00")
    return World(tmp_path)


LAND = (
    'mkdir -p store/pay.b; touch "store/pay.b/ds=$2"; echo "[t] {X} 1 - Computing join for range: [$2...$2]  | [1/1]"'
)


def test_a_job_whose_partition_was_seen_has_landed(world: World, ti: FakeTaskInstance) -> None:
    world.job(LAND).execute(context(ti, "2026-11-22"))
    progress = ti.read("chronon_progress")
    assert progress.pop("minutes") < 1
    assert progress == {
        "v": 1, "conf": "pay.b", "mode": "backfill", "ds": "2026-11-22", "outcome": "landed",
        "ranges": ["2026-11-22...2026-11-22"], "failure": None, "reason": "",
    }  # fmt: skip


def test_exit_status_zero_without_the_partition_is_a_failure_with_the_reason_in_the_log(
    world: World, ti: FakeTaskInstance
) -> None:
    script = 'echo "[t] {TableUtils} 733 - 0 rows requested to be written into table pay.b"'
    with pytest.raises(compat.AirflowException, match="empty_source: pay.b/ds=2026-11-22 is not there.*0 rows"):
        world.job(script).execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["outcome"] == "failed"
    assert ti.read("chronon_progress")["failure"]["class"] == "empty_source"


def test_a_failed_job_tells_class_and_remedy(world: World, ti: FakeTaskInstance) -> None:
    script = "echo \"[scallop] Error: Required option 'log-table' not found\"; exit 1"
    with pytest.raises(compat.AirflowException, match="driver_option: .*log-table.*What to do"):
        world.job(script).execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["failure"]["class"] == "driver_option"


def test_a_job_that_had_nothing_to_do_is_fine_when_its_partition_is_there(world: World, ti: FakeTaskInstance) -> None:
    world.land("pay.b", "2026-11-22")
    world.job('echo "[t] {S} 85 - No unfilled range for pay.b given"').execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["outcome"] == "nothing_to_do"


def test_a_job_without_outputs_is_just_done(world: World, ti: FakeTaskInstance) -> None:
    world.job("true", outputs=()).execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["outcome"] == "done"


def test_a_lagging_job_looks_for_its_lagged_partition(world: World, ti: FakeTaskInstance) -> None:
    lagged = Partition("pay.b", (("ds", (Ds(-2),)),))
    world.job(LAND, argv=("--ds", Ds(-2)), outputs=(lagged,), lag=2).execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["ds"] == "2026-11-20"


def test_a_quiet_failure_of_the_metadata_upload_is_one(world: World, ti: FakeTaskInstance) -> None:
    script = 'echo "[t] {D} 925 - Uploaded Chronon Configs to the KV store, success count = 12, failure count = 3"'
    with pytest.raises(compat.AirflowException, match="metadata_put: 3 confs"):
        world.job(script, outputs=(), mode="metadata-upload").execute(context(ti, "2026-11-22"))


def test_environment_folder_and_hostile_strings_arrive_as_written(world: World, ti: FakeTaskInstance) -> None:
    script = 'printf "%s|" "$PWD" "$FROM_SETTINGS" "$FROM_JOB" "$@" > seen; mkdir -p store/pay.b; touch store/pay.b/ds=2026-11-22'
    world.job(script, argv=("{{7*7}}", "$(id)", Ds()), env={"FROM_JOB": "{{ ds }}"}).execute(context(ti, "2026-11-22"))
    assert (world.folder / "seen").read_text() == f"{world.folder}|1|{{{{ ds }}}}|{{{{7*7}}}}|$(id)|2026-11-22|"


def test_a_value_with_white_space_fails_for_good_before_anything_runs(world: World, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowFailException, match="white space"):
        world.job("touch ran", argv=("a b",)).execute(context(ti, "2026-11-22"))
    assert not (world.folder / "ran").exists()


def test_a_day_is_left_to_the_next_one_when_that_has_its_inputs(world: World, ti: FakeTaskInstance) -> None:
    world.land("data.raw", "2026-11-19", "2026-11-20")
    with pytest.raises(
        compat.AirflowSkipException, match="the run of 2026-11-20 has all that it needs and fills 2026-11-19 too"
    ):
        world.job("touch ran").execute(context(ti, "2026-11-19"))
    assert ti.read("chronon_progress")["outcome"] == "skipped"
    assert not (world.folder / "ran").exists()


def test_a_day_is_computed_when_nobody_can_say_whether_the_next_one_has_its_inputs(
    world: World, ti: FakeTaskInstance
) -> None:
    world.settings["sensor"] = Sensor(kind="command", argv=("bash", "-c", "echo the store is down; exit 2"))
    world.job("touch ran", outputs=()).execute(context(ti, "2026-11-19"))
    assert (world.folder / "ran").exists()


def test_why_a_task_is_skipped_stands_in_its_log(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    lines: list[str] = []
    world.land("data.raw", "2026-11-19", "2026-11-20")
    job = world.job("touch ran")
    log = SimpleNamespace(info=lambda line, *values: lines.append(line % values), warning=lambda *about_the_test: None)
    monkeypatch.setattr(type(job), "log", property(lambda self: log))
    with pytest.raises(compat.AirflowSkipException):
        job.execute(context(ti, "2026-11-19"))
    assert lines == ["Skipped: the run of 2026-11-20 has all that it needs and fills 2026-11-19 too"]


@pytest.mark.parametrize(
    ("case", "change", "day", "conf"),
    [
        ("the next day's input is not there", {}, "2026-11-20", None),
        ("the next day's run cannot exist yet", {}, "2026-11-22", None),
        ("the job computes only its own day", {"coalesce": False}, "2026-11-19", None),
        ("somebody asked for this day", {}, "2026-11-19", {"chronon": {}}),
    ],
)
def test_a_day_is_computed_when(
    case: str, change: dict[str, Any], day: str, conf: Any, world: World, ti: FakeTaskInstance
) -> None:
    world.land("data.raw", "2026-11-19", "2026-11-20", "2026-11-23")
    world.job(LAND, **change).execute(context(ti, day, conf))
    assert ti.read("chronon_progress")["outcome"] == "landed"


def test_without_inputs_a_day_is_left_to_the_next_one_as_soon_as_that_can_run(
    world: World, ti: FakeTaskInstance
) -> None:
    with pytest.raises(compat.AirflowSkipException, match="2026-11-22"):
        world.job("true", waits=()).execute(context(ti, "2026-11-21"))


def test_an_input_that_ended_does_not_hold_the_next_day_up(world: World, ti: FakeTaskInstance) -> None:
    ended = Wait("w", RAW.partition, end="2026-11-19")
    with pytest.raises(compat.AirflowSkipException, match="2026-11-20"):
        world.job("true", waits=(ended,)).execute(context(ti, "2026-11-19"))


def test_a_day_on_which_the_schedule_does_not_tick_is_skipped(world: World, ti: FakeTaskInstance) -> None:
    with pytest.raises(
        compat.AirflowSkipException, match=r"schedule of pay.b \(0 0 \* \* 0\) does not tick on 2026-11-19"
    ):
        world.job("true", schedule="0 0 * * 0").execute(context(ti, "2026-11-19"))


def test_a_range_becomes_arguments_and_its_last_day_is_looked_for(world: World, ti: FakeTaskInstance) -> None:
    conf = {"chronon": {"start_ds": "2026-11-01", "end_ds": "2026-11-10", "step_days": 5}}
    script = 'echo "$@" > seen; mkdir -p store/pay.b; touch store/pay.b/ds=2026-11-10'
    world.job(script).execute(context(ti, "2026-11-22", conf))
    assert (
        world.folder / "seen"
    ).read_text() == "--ds 2026-11-22 --start-ds 2026-11-01 --end-ds 2026-11-10 --step-days 5 --run-first-hole\n"
    assert ti.read("chronon_progress")["outcome"] == "landed"


def test_a_run_of_one_day_computes_just_that_day(world: World, ti: FakeTaskInstance) -> None:
    world.land("pay.b", "2026-11-05")
    world.job('echo "$@" > seen', lag=2).execute(context(ti, "2026-11-05", {"chronon": {"day_only": True}}))
    assert (
        world.folder / "seen"
    ).read_text() == "--ds 2026-11-05 --start-ds 2026-11-03 --end-ds 2026-11-03 --run-first-hole\n"


@pytest.mark.parametrize(
    ("conf", "kind", "message"),
    [
        ({"chronon": {"starts": "2026-11-01"}}, "AirflowFailException", "unknown keys: starts"),
        ({"chronon": {"confs": ["pay.c"]}}, "AirflowFailException", "this DAG has pay.b"),
        ({"chronon": {"parts": ["x"]}}, "AirflowSkipException", "join parts"),
    ],
)
def test_a_request_that_cannot_be_met_starts_nothing(
    conf: Any, kind: str, message: str, world: World, ti: FakeTaskInstance
) -> None:
    with pytest.raises(getattr(compat, kind), match=message):
        world.job("touch ran", mode="upload", outputs=()).execute(context(ti, "2026-11-22", conf))
    assert not (world.folder / "ran").exists()


def test_a_run_without_a_logical_date_fails_for_good(world: World, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowFailException, match="no logical date"):
        world.job("true").execute({**context(ti), "logical_date": None})


def test_killing_the_task_ends_its_job_and_says_so(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    operator = world.job("echo ready; sleep 60 & wait")

    def kill_when_ready(log: JobLog, line: str) -> None:
        if line == "ready":
            operator.on_kill()

    monkeypatch.setattr(JobLog, "feed", kill_when_ready)
    with pytest.raises(compat.AirflowException, match="killed: the task was killed"):
        operator.execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["failure"]["class"] == "killed"


UPLOAD = {"mode": "upload", "outputs": (), "loads": ("load",), "coalesce": False}


@pytest.mark.parametrize(
    "load", [None, "scheduled", "queued", "running", "up_for_retry", "up_for_reschedule", "deferred"]
)
def test_an_upload_gives_its_slot_back_while_another_run_still_loads(
    load: str | None, world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {"other": {"job": "success", "load": load}}))
    with pytest.raises(compat.AirflowRescheduleException):
        world.job("touch ran", **UPLOAD).execute(context(ti, "2026-11-22"))
    assert not (world.folder / "ran").exists()


@pytest.mark.parametrize(
    "tasks",
    [
        {"job": "success", "load": "success"},
        {"job": "success", "load": "failed"},
        {"job": "success", "load": "skipped"},
        {"job": "running", "load": None},
        {"job": "failed", "load": "upstream_failed"},
        {"job": None, "load": None},
    ],
)
def test_an_upload_goes_ahead_when_nobody_needs_the_table(
    tasks: dict[str, Any], world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        compat, "task_states", states_of(ti, {"other": tasks, "this_run": {"job": "success", "load": None}})
    )
    world.job("true", **UPLOAD).execute(context(ti, "2026-11-22"))
    assert ti.read("chronon_progress")["outcome"] == "done"


def states_of(ti: FakeTaskInstance, all_runs: dict[str, Any], later: dict[str, Any] | None = None) -> Any:
    """Plant states: of all runs, and of those on later dates."""

    def task_states(
        context: Any, task_ids: Sequence[str], *, logical_dates: Any = None, this_run: bool = False
    ) -> dict[str, Any]:
        if logical_dates is not None:
            assert min(logical_dates) == context["logical_date"] + timedelta(days=1)
            return later or {}
        return {ti.run_id: all_runs[ti.run_id]} if this_run else all_runs

    return task_states


def test_an_upload_that_a_newer_one_has_overtaken_is_skipped(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}, later={"newer": {"job": "success"}}))
    with pytest.raises(compat.AirflowSkipException, match="the newer upload of newer"):
        world.job("true", **UPLOAD).execute(context(ti, "2026-11-19"))


def kv_load(world: World, loader: KvLoader | None) -> LoadIntoKvStore:
    world.settings["kv_load"] = loader
    load = KvLoad("load", "pay.b", "pay.b_upload", "PAY_B_BATCH", lag=1, after=("job",))
    return LoadIntoKvStore(task_id="load", load=load, surroundings=world.surroundings())


def test_a_kv_load_command_gets_table_dataset_and_day(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}))
    argv = ("bash", "-c", 'echo "$@" > seen', "bash", "{table}", "x={dataset}", "{ds}", "{other}")
    kv_load(world, KvLoader(argv=argv)).execute(context(ti, "2026-11-22"))
    assert (world.folder / "seen").read_text() == "pay.b_upload x=PAY_B_BATCH 2026-11-21 {other}\n"


def test_a_load_of_a_day_is_skipped_only_where_a_newer_day_took_the_table(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}, later={"newer": {"job": "success"}}))
    overwritten = kv_load(world, KvLoader(argv=("touch", "loaded")))
    with pytest.raises(compat.AirflowSkipException, match="now holds the upload of newer"):
        overwritten.execute(context(ti, "2026-11-19"))
    overwritten.load = dataclasses.replace(overwritten.load, keeps_days=True)
    overwritten.execute(context(ti, "2026-11-19"))
    assert (world.folder / "loaded").exists()


def test_a_kv_load_callable_gets_the_same(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}))
    (world.folder / "their_loader.py").write_text(
        "def load(table, dataset, ds):\n    global seen\n    seen = (table, dataset, ds)\n"
    )
    monkeypatch.syspath_prepend(str(world.folder))
    kv_load(world, KvLoader(callable="their_loader:load")).execute(context(ti, "2026-11-22"))
    assert sys.modules["their_loader"].seen == ("pay.b_upload", "PAY_B_BATCH", "2026-11-21")


def test_a_kv_load_that_fails_says_that_the_old_values_stay(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}))
    with pytest.raises(compat.AirflowException, match="exit status 3: PAY_B_BATCH keeps its old values"):
        kv_load(world, KvLoader(argv=("bash", "-c", "exit 3"))).execute(context(ti, "2026-11-22"))


def test_a_kv_load_that_a_newer_upload_has_overtaken_is_skipped(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {}, later={"newer": {"job": "running"}}))
    with pytest.raises(compat.AirflowSkipException, match="now holds the upload of newer"):
        kv_load(world, KvLoader(argv=("false",))).execute(context(ti, "2026-11-19"))


def wait_for(world: World, wait: Wait = RAW, needed_by: Sequence[Job] = (), **kwargs: Any) -> WaitForPartition:
    return WaitForPartition(task_id="w", wait=wait, needed_by=needed_by, surroundings=world.surroundings(**kwargs))


def test_a_wait_is_over_when_the_partition_is_there(world: World, ti: FakeTaskInstance) -> None:
    assert not wait_for(world).poke(context(ti, "2026-11-20"))
    world.land("data.raw", "2026-11-20")
    assert wait_for(world).poke(context(ti, "2026-11-20"))


class NoSuchObjectException(Exception):
    """What the metastore's Thrift client raises for a table or database that does not exist."""


class EmptyMetastore:
    """Stands in for the hook of a metastore that has nothing at all."""

    def get_table(self, table_name: str, db: str) -> object:
        raise NoSuchObjectException(f"{db}.{table_name} table not found")


def wait_for_missing_table(
    world: World, ti: FakeTaskInstance, monkeypatch: Any, started: str | None, **wait: Any
) -> bool:
    monkeypatch.setattr(compat, "hive_metastore_hook", lambda connection: EmptyMetastore())
    world.settings["sensor"] = Sensor(kind="hive", missing_table_s=wait.pop("grace", 3600))
    operator = wait_for(world, Wait("w", RAW.partition, **wait))
    return operator.poke(context(ti, "2026-11-20", started=started))


def test_a_table_that_does_not_exist_is_borne_for_a_while_and_then_reported(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    assert not wait_for_missing_table(world, ti, monkeypatch, started="2026-11-23T04:00:01")
    with pytest.raises(compat.AirflowFailException, match="data.raw does not exist, 1:00:00 after the run began"):
        wait_for_missing_table(world, ti, monkeypatch, started="2026-11-23T04:00:00")


@pytest.mark.parametrize(
    ("why", "started", "wait"),
    [
        ("a conf of the repository writes it", "2026-11-20T00:00", {"inside": True}),
        ("the project bears it", "2026-11-20T00:00", {"grace": 0}),
        ("nobody knows when the run began", None, {}),
    ],
)
def test_a_table_that_does_not_exist_is_waited_for_where(
    why: str, started: str | None, wait: Any, world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    assert not wait_for_missing_table(world, ti, monkeypatch, started, **wait), why


@pytest.mark.parametrize(
    ("case", "wait", "day", "conf"),
    [
        ("after the source ended", Wait("w", RAW.partition, end="2026-11-19"), "2026-11-20", None),
        ("before the source began", Wait("w", RAW.partition, start="2026-11-21"), "2026-11-20", None),
        (
            "a lagged partition is bounded by its own day",
            Wait("w", Partition("d.r", (("ds", (Ds(-1),)),)), start="2026-11-20"),
            "2026-11-20",
            None,
        ),
        ("the run does not want to wait", RAW, "2026-11-20", {"chronon": {"wait": False}}),
    ],
)
def test_a_wait_is_over_at_once(case: str, wait: Wait, day: str, conf: Any, world: World, ti: FakeTaskInstance) -> None:
    assert wait_for(world, wait).poke(context(ti, day, conf))


def test_a_lagged_partition_is_still_waited_for_on_the_day_after_the_source_ended(
    world: World, ti: FakeTaskInstance
) -> None:
    lagged = Wait("w", Partition("d.r", (("ds", (Ds(-1),)),)), end="2026-11-19")
    assert not wait_for(world, lagged).poke(context(ti, "2026-11-20"))


def test_a_wait_is_over_when_no_job_that_needs_it_runs_today(world: World, ti: FakeTaskInstance) -> None:
    weekly = Job("j", "backfill", "pay.b", (), schedule="0 0 * * 0")
    assert wait_for(world, needed_by=(weekly,)).poke(context(ti, "2026-11-20"))
    assert not wait_for(world, needed_by=(weekly, Job("k", "backfill", "pay.c", ()))).poke(context(ti, "2026-11-20"))
    only_b = {"chronon": {"confs": ["pay.b"]}}
    other = Job("k", "backfill", "pay.c", ())
    assert wait_for(world, needed_by=(other,), confs=("pay.b", "pay.c")).poke(context(ti, "2026-11-20", only_b))


def test_a_wait_refuses_a_request_that_is_not_understood(world: World, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowFailException, match="unknown keys: x"):
        wait_for(world).poke(context(ti, "2026-11-20", {"chronon": {"x": 1}}))


RUN_PY_STREAMING = """
echo "Checking to see if a streaming job by the name x already exists"
submit="./start.sh"; for a in "$@"; do [ "$p" = --spark-streaming-submit-path ] && submit="$a"; p="$a"; done
if [ -s running ]; then
  printf "Found running apps by the name x in \\n"
  while read -r id; do echo "{'app_id': '$id', 'app_name': 'x'}"; done < running
  [ "$(wc -l < running)" = 1 ] || { echo "AssertionError: More than one found, please kill them all"; exit 1; }
  echo "All good. No need to start a new app."; exit 0
fi
echo "Running command: bash $submit --class ai.chronon.spark.Driver c.jar group-by-streaming --conf-path=x"
bash "$submit" --class ai.chronon.spark.Driver
"""


def tick(world: World, ti: FakeTaskInstance, table: str = "", conf: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run one tick, and make what it published the history of the next."""
    operator = world.job(RUN_PY_STREAMING, cls=KeepAlive, mode="streaming", outputs=(), waits=(), table=table)
    with suppress(compat.AirflowException):
        operator.execute(context(ti, "2026-11-22", conf))
    ti.prior[("a_task", "chronon_stream")] = ti.pushed["chronon_stream"]
    return ti.read("chronon_stream")


def test_the_life_of_a_stream(world: World, ti: FakeTaskInstance) -> None:
    world.settings["streaming"] = Streaming(max_restarts=2)
    running = world.folder / "running"
    (world.folder / "start.sh").write_text(
        'echo "Submitted application application_7_0001"; echo application_7_0001 > running\n'
    )
    assert tick(world, ti)["state"] == "started"
    assert tick(world, ti)["state"] == "alive"
    for restarts in (1, 2):
        running.unlink()
        seen = tick(world, ti)
        assert (seen["state"], seen["restarts_24h"], seen["app_id"]) == ("restarted", restarts, "application_7_0001")
    running.unlink()
    assert (tick(world, ti)["state"], running.exists()) == ("flapping", False)
    asked_for = tick(world, ti, conf={"chronon": {"confs": ["pay.b"]}})
    assert (asked_for["state"], running.exists()) == ("restarted", True)
    running.write_text("application_7_0002\n")
    assert tick(world, ti)["state"] == "alive"
    running.write_text("application_7_0002\napplication_7_0003\n")
    seen = tick(world, ti)
    assert (seen["state"], seen["ticks"]) == ("duplicate", "sarrfrad")
    assert "application_7_0002, application_7_0003" in seen["reason"]


def test_a_stream_is_not_started_before_its_first_upload(world: World, ti: FakeTaskInstance) -> None:
    world.settings["streaming"] = Streaming(max_restarts=2)
    running = world.folder / "running"
    (world.folder / "start.sh").write_text("echo application_7_0001 > running\n")
    for _ in range(3):
        seen = tick(world, ti, table="pay.b_upload")
        assert (seen["state"], running.exists()) == ("not_started", False)
    assert seen["reason"] == "its first upload, pay.b_upload, is not there yet"
    assert (seen["why"], seen["awaits"]) == ("no_upload", "pay.b_upload")
    running.write_text("application_7_0009\n")
    assert tick(world, ti, table="pay.b_upload")["state"] == "alive", "somebody started it by hand"


def test_a_stream_is_started_when_its_first_upload_is_there_and_never_asks_again(
    world: World, ti: FakeTaskInstance
) -> None:
    running = world.folder / "running"
    (world.folder / "start.sh").write_text("echo application_7_0001 > running\n")
    (world.folder / "store" / "pay.b_upload").mkdir(parents=True)
    assert tick(world, ti, table="pay.b_upload")["state"] == "started"
    (world.folder / "store" / "pay.b_upload").rmdir()
    running.unlink()
    assert tick(world, ti, table="pay.b_upload")["state"] == "restarted"


def test_a_store_that_cannot_be_asked_holds_back_the_first_start_only(world: World, ti: FakeTaskInstance) -> None:
    (world.folder / "start.sh").write_text("echo application_7_0001 > running\n")
    world.settings["sensor"] = Sensor("command", argv=("bash", "-c", "echo down >&2; exit 3"))
    seen = tick(world, ti, table="pay.b_upload")
    assert seen["state"] == "not_started"
    assert seen["reason"].startswith("nobody can say whether its first upload, pay.b_upload, is there")
    assert (seen["why"], seen["awaits"]) == ("upload_not_known", "pay.b_upload")


def test_a_tick_that_finds_no_running_stream_fails(world: World, ti: FakeTaskInstance) -> None:
    (world.folder / "start.sh").write_text("exit 9\n")
    with pytest.raises(compat.AirflowException, match="pay.b is not_started: .*exit status 9"):
        world.job(RUN_PY_STREAMING, cls=KeepAlive, mode="streaming", outputs=(), waits=()).execute(
            context(ti, "2026-11-22")
        )


def test_a_start_that_does_not_return_is_ended_and_reported_as_down(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    monkeypatch.setattr("chronon_rt.stream.START_LIMIT_S", 0.3)
    world.settings["streaming"] = Streaming(tick_s=0)
    (world.folder / "start.sh").write_text("exec sleep 300\n")
    seen = tick(world, ti)
    assert (seen["state"], "cluster deploy mode" in seen["reason"]) == ("down", True)


STREAM = {
    "group_by": "p.x",
    "state": "alive",
    "since": "2026-11-23T03:00:00Z",
    "app_id": "a",
    "restarts_24h": 0,
    "ticks": "sa",
    "reason": "",
    "ever_ran": True,
    "restarted_at": [],
}


def summarise(world: World, ti: FakeTaskInstance, monkeypatch: Any, states: dict[str, str | None]) -> None:
    monkeypatch.setattr(compat, "task_states", states_of(ti, {"this_run": states}))
    summary = Summary("summary", "keep_alive", after=("tx", "ty"))
    operator = KeepAliveSummary(
        task_id="summary", summary=summary, ticks={"tx": "p.x", "ty": "p.y"}, surroundings=world.surroundings()
    )
    operator.execute(context(ti, "2026-11-22"))


def test_the_summary_publishes_all_streams(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    ti.here = {
        ("tx", "chronon_stream"): json.dumps(STREAM),
        ("ty", "chronon_stream"): json.dumps({**STREAM, "group_by": "p.y"}),
    }
    summarise(world, ti, monkeypatch, {"tx": "success", "ty": "success"})
    view = ti.read("chronon_keep_alive")
    assert [(stream["group_by"], stream["state"]) for stream in view["streams"]] == [("p.x", "alive"), ("p.y", "alive")]


def test_the_summary_publishes_and_fails_when_a_stream_is_wrong(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    ti.here = {("tx", "chronon_stream"): json.dumps({**STREAM, "state": "duplicate", "reason": "two"})}
    ti.prior = {("ty", "chronon_stream"): json.dumps({**STREAM, "group_by": "p.y"})}
    with pytest.raises(
        compat.AirflowException, match="p.x is duplicate: two; p.y is unknown: this tick's task ended failed"
    ):
        summarise(world, ti, monkeypatch, {"tx": "failed", "ty": "failed"})
    assert [stream["ticks"] for stream in ti.read("chronon_keep_alive")["streams"]] == ["sa", "sau"]


def test_the_summary_of_skipped_ticks_is_skipped(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    with pytest.raises(compat.AirflowSkipException):
        summarise(world, ti, monkeypatch, {"tx": "skipped", "ty": "skipped"})


def compare(
    world: World,
    ti: FakeTaskInstance,
    monkeypatch: Any,
    state: str = "success",
    day: str = "2026-11-19",
    lag: int = 0,
    **limits: Any,
) -> dict[str, Any]:
    rows = world.folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in table_rows("v1")))
    script = 'echo "$@" > asked; echo noise >&2; cat rows.jsonl'
    given = {"reader": "command", "argv": ("bash", "-c", script, "bash", "{table}", "{ds_from}", "{ds_to}"), **limits}
    world.settings["consistency"] = Consistency(**given)
    monkeypatch.setattr(compat, "task_states", states_of(ti, {"this_run": {"job": state}}))
    summary = Summary(
        "summary",
        "consistency",
        conf="demo.checkout.v1",
        table="demo.c_consistency",
        sample_percent=100.0,
        lag=lag,
        after=("job",),
    )
    ConsistencySummary(task_id="summary", summary=summary, surroundings=world.surroundings()).execute(context(ti, day))
    return ti.read("chronon_consistency")


def test_the_comparison_is_read_and_judged(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    found = compare(world, ti, monkeypatch)
    assert (found["join"], found["ds"], found["state"], found["features_total"]) == (
        "demo.checkout.v1",
        "2026-11-19",
        "breach",
        5,
    )
    assert (world.folder / "asked").read_text() == "demo.c_consistency 2026-11-06 2026-11-19\n"


def test_a_lagging_comparison_is_read_for_its_own_day(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    found = compare(world, ti, monkeypatch, day="2026-11-21", lag=2)
    assert (found["ds"], found["state"]) == ("2026-11-19", "breach")


def test_a_breach_fails_the_task_only_where_the_project_wants_it(
    world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    with pytest.raises(compat.AirflowFailException, match="over their budget"):
        compare(world, ti, monkeypatch, fail_task=True)
    assert ti.read("chronon_consistency")["state"] == "breach"


@pytest.mark.parametrize(
    ("limits", "state", "why", "message"),
    [
        ({"argv": ("bash", "-c", "echo no access >&2; exit 4")}, "success", "not_read", "exit status 4: no access"),
        ({"argv": ("bash", "-c", "echo hello")}, "success", "not_read", "line 1 of the consistency reader is not JSON"),
        ({"argv": ("bash", "-c", "echo '{}'")}, "success", "not_read", "is not a row with a ds"),
        ({"argv": ("/does/not/exist",)}, "success", "not_read", "could not be run"),
        ({}, "failed", "job_failed", "the comparison itself did not succeed: job is failed"),
        ({}, "upstream_failed", "job_failed", "job is upstream_failed"),
    ],
)
def test_what_was_not_measured_is_published_with_its_reason(
    limits: Any, state: str, why: str, message: str, world: World, ti: FakeTaskInstance, monkeypatch: Any
) -> None:
    with pytest.raises(compat.AirflowException, match=message):
        compare(world, ti, monkeypatch, state, **limits)
    found = ti.read("chronon_consistency")
    assert (found["state"], found["why"]) == ("not_measured", why) and message in found["reason"]


def test_the_summary_of_a_skipped_comparison_is_skipped(world: World, ti: FakeTaskInstance, monkeypatch: Any) -> None:
    with pytest.raises(compat.AirflowSkipException):
        compare(world, ti, monkeypatch, "skipped")
