"""Real programs, really ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Callable

import pytest
from conftest import RUNTIME

from chronon_rt import process


def until(condition: Callable[[], bool], message: str) -> None:
    """Wait for something that another process does, at most ten seconds."""
    for _ in range(500):
        if condition():
            return
        select.select([], [], [], 0.02)
    pytest.fail(message)


def is_gone(pid: int) -> bool:
    """Tell whether the process ended; one that nobody has reaped yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_lines_arrive_in_order_from_both_streams_with_the_environment_and_folder(tmp_path: Path) -> None:
    lines: list[str] = []
    script = 'echo one; echo two >&2; echo "$CHRONON_TEST in $PWD"; echo "$1"; exit 7'
    status = process.run_lines(
        ["bash", "-c", script, "bash", "$(id) {{ 7*7 }}"], str(tmp_path), {"CHRONON_TEST": "here"}, lines.append
    )
    assert (status, lines) == (7, ["one", "two", f"here in {tmp_path}", "$(id) {{ 7*7 }}"])


def test_the_environment_of_the_worker_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLY_THE_WORKER_HAS", "this")
    lines: list[str] = []
    process.run_lines(["bash", "-c", "echo $ONLY_THE_WORKER_HAS"], "", {"OTHER": "x"}, lines.append)
    assert lines == ["this"]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    lines: list[str] = []
    assert process.run_lines(["bash", "-c", r"printf 'a\xffb\n'"], "", {}, lines.append) == 0
    assert lines == ["a\ufffdb"]


def test_a_kill_ends_grandchildren_too() -> None:
    job, pids = process.Job(), []

    def first_line(line: str) -> None:
        pids.append(int(line))
        job.kill()

    status = process.run_lines(["bash", "-c", "sleep 300 & echo $!; wait; exit 0"], "", {}, first_line, job)
    assert status == 128 + signal.SIGTERM
    until(lambda: is_gone(pids[0]), "the grandchild outlived the kill")


def test_what_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.2)
    job, pids = process.Job(), []

    def first_line(line: str) -> None:
        pids.append(int(line))
        job.kill()

    status = process.run_lines(
        ["bash", "-c", "trap '' TERM; echo $$; while :; do sleep 300; done"], "", {}, first_line, job
    )
    assert status == 128 + signal.SIGKILL
    assert is_gone(pids[0])


def test_the_program_ends_when_the_task_is_killed_without_a_chance_to_act() -> None:
    task = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(RUNTIME / "chronon_rt")!r})
        import process  # alone: the package would import Airflow first
        process.run_lines(["bash", "-c", "sleep 300 & echo $!; wait"], "", {{}}, lambda line: print(line, flush=True))
        """
    )
    with subprocess.Popen([sys.executable, "-c", task], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        grandchild = int(running.stdout.readline())
        os.kill(running.pid, signal.SIGKILL)
    until(lambda: is_gone(grandchild), "the program outlived its task")


def test_an_exception_in_the_reader_ends_the_program() -> None:
    pids: list[int] = []

    def refuse(line: str) -> None:
        pids.append(int(line))
        raise KeyError(line)

    with pytest.raises(KeyError):
        process.run_lines(["bash", "-c", "echo $$; exec sleep 300"], "", {}, refuse)
    until(lambda: is_gone(pids[0]), "the program outlived the exception")
