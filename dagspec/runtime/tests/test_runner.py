"""Jobs that an operator of the project runs somewhere else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import FakeTaskInstance, context

from chronon_rt import Ds, Job, Partition, Sensor, Settings, compat
from chronon_rt.job import RunChronon
from chronon_rt.rendering import Place
from chronon_rt.stream import KeepAlive
from chronon_rt.task import Surroundings

MODULE = '''
"""What a project writes: an operator for an argv. This one runs it right here, and shows what it was given."""
import json, subprocess
from chronon_rt.compat import AirflowException, AirflowSkipException, BaseOperator, TaskDeferred

class Somewhere(BaseOperator):
    template_fields = ("argv",)

    def __init__(self, argv, env, cwd, line, **kwargs):
        super().__init__(**kwargs)
        self.argv, self.env, self.cwd, self.line = argv, env, cwd, line

    def execute(self, context):
        with open(self.cwd + "/seen.json", "w") as file:
            json.dump({"argv": self.argv, "env": self.env, "task_id": self.task_id, "ds": str(context["logical_date"].date())}, file)
        done = subprocess.run(self.argv, cwd=self.cwd, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            self.line(line)
        if done.returncode:
            raise AirflowException(f"the pod ended\\nwith {done.returncode}")

    def on_kill(self):
        open(self.cwd + "/killed", "w").close()

class Deferring(Somewhere):
    def execute(self, context):
        raise TaskDeferred(trigger=None, method_name="execute_complete")

class Skipping(Somewhere):
    def execute(self, context):
        raise AirflowSkipException("not today")

def nothing(**kwargs):
    return None
'''
LOOK = "import os, sys; sys.exit(0 if os.path.exists(os.path.join(*sys.argv[1:])) else 1)"


@pytest.fixture
def run(tmp_path: Path, ti: FakeTaskInstance, monkeypatch: pytest.MonkeyPatch, clock: Callable[[str], Any]) -> Any:
    """Run a shell script as a job, with a runner of `MODULE`."""
    clock("2026-11-23T05:00")
    (tmp_path / "their_runner.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_runner", raising=False)

    def run_job(script: str, runner: str = "their_runner:Somewhere", cls: type = RunChronon, **given: Any) -> Any:
        (tmp_path / "run.sh").write_text(script)
        sensor = Sensor(kind="command", argv=(sys.executable, "-S", "-c", LOOK, "{table}", "{partition}"))
        settings = Settings(repo=str(tmp_path), env={"A": "{{ ds }}"}, runner=runner, sensor=sensor)
        job = Job(
            "job", given.pop("mode", "backfill"), "pay.b", ("bash", "run.sh", "{{x}}", Ds()), env={"B": "b"}, **given
        )
        surroundings = Surroundings(settings, Place(str(tmp_path)), "0 0 * * *", ("pay.b",))
        operator = cls(task_id="job", job=job, waits=(), surroundings=surroundings)
        operator.execute(context(ti, "2026-11-22"))
        return operator

    return run_job


OUTPUT = (Partition("pay.b", (("ds", (Ds(),)),)),)
LAND = 'mkdir -p pay.b; touch "pay.b/ds=$2"; echo "[t] {X} 1 - Computing join for range: [$2...$2]  | [1/1]"'


def test_the_operator_gets_the_rendered_command_and_its_output_is_read(
    run: Any, ti: FakeTaskInstance, tmp_path: Path
) -> None:
    run(LAND, outputs=OUTPUT, coalesce=False)
    progress = ti.read("chronon_progress")
    assert (progress["outcome"], progress["ranges"]) == ("landed", ["2026-11-22...2026-11-22"])
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["argv"] == ["bash", "run.sh", "{{x}}", "2026-11-22"], "nothing of it is a template"
    assert (seen["env"]["A"], seen["env"]["B"], seen["task_id"], seen["ds"]) == ("{{ ds }}", "b", "job", "2026-11-22")


def test_success_elsewhere_is_not_enough_either(run: Any, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowException, match="pay.b/ds=2026-11-22 is not there"):
        run("true", outputs=OUTPUT, coalesce=False)
    assert ti.read("chronon_progress")["outcome"] == "failed"


def test_a_failure_elsewhere_is_classed_by_the_lines(run: Any, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowException, match="driver_option"):
        run("echo \"[scallop] Error: Required option 'log-table' not found\"; exit 4", coalesce=False)
    assert ti.read("chronon_progress")["failure"]["class"] == "driver_option"


@pytest.mark.parametrize(
    ("runner", "error", "message"),
    [
        ("their_runner:Deferring", compat.AirflowFailException, "deferrable=False"),
        ("their_runner:nothing", compat.AirflowFailException, "must return an operator, and returned None"),
        ("their_runner:missing", compat.AirflowFailException, "cannot be imported"),
        ("their_runner:Skipping", compat.AirflowSkipException, "not today"),
    ],
)
def test_a_runner_that_cannot_work_says_so(runner: str, error: Any, message: str, run: Any) -> None:
    with pytest.raises(error, match=message):
        run("true", runner=runner, coalesce=False)


def test_killing_the_task_reaches_the_operator(run: Any, tmp_path: Path) -> None:
    run("true", coalesce=False).on_kill()
    assert (tmp_path / "killed").exists()


def test_a_stream_is_kept_alive_elsewhere_too(run: Any, ti: FakeTaskInstance) -> None:
    with pytest.raises(compat.AirflowException, match="pay.b is unknown: run.py ended with exit status 1"):
        run("exit 9", mode="streaming", cls=KeepAlive)
    assert ti.read("chronon_stream")["state"] == "unknown"
