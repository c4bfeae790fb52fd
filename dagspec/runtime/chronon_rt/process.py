"""Running a program so that nothing of it outlives the task.

The program gets a process group of its own. It ends with the task in every case: a kill sends SIGTERM to the whole group (a signal to
run.py alone leaves the shell and the JVM below it running) and SIGKILL after a grace period. A watcher process does the same when the
task's own process dies without a word, killed by the kernel or by Airflow's SIGKILL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Callable

GRACE_S = 20

# Holds the read end of a pipe whose only writer is the task. When that writer is gone without having said "done", the group is ended.
_WATCHER = """
import os, signal, sys, time
group, grace = int(sys.argv[1]), float(sys.argv[2])
if sys.stdin.buffer.read() == b"done":
    sys.exit(0)
for number in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        break
    deadline = time.monotonic() + grace
    while number == signal.SIGTERM and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            sys.exit(0)
"""


class Job:
    """One running program: iterate over its lines, then ask for its exit status."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[str] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self, argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Start the program with the worker's environment plus `env`, and yield its lines (both streams, in order of arrival)."""
        self._program = subprocess.Popen(
            list(argv),
            cwd=cwd or None,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
        )
        self._watcher = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _WATCHER, str(self._program.pid), str(GRACE_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        finished = False
        try:
            assert self._program.stdout is not None
            yield iter(self._program.stdout)
            self._program.wait()
            finished = True
        finally:
            self._release(finished)

    @property
    def exit_status(self) -> int:
        """The exit status as a shell gives it: 128 + N after signal N."""
        if self._program is None or self._program.returncode is None:
            raise RuntimeError("the program has not ended")
        code = self._program.returncode
        return code if code >= 0 else 128 - code

    def kill(self) -> None:
        """End the whole group: SIGTERM now, SIGKILL by the watcher when the grace period is over, whatever becomes of this process."""
        if self._program is None:
            return
        _signal_group(self._program.pid, signal.SIGTERM)
        self._release(finished=False)

    def _release(self, finished: bool) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is None or watcher.stdin is None:
            return
        if finished:
            watcher.stdin.write(b"done")
        watcher.stdin.close()
        if finished:
            watcher.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def run_lines(
    argv: Sequence[str], cwd: str, env: Mapping[str, str], line: Callable[[str], None], job: Job | None = None
) -> int:
    """Run the program, hand each line to `line`, and return the exit status."""
    job = job or Job()
    with job.running(argv, cwd, env) as lines:
        for each in lines:
            line(each.rstrip("\n"))
    return job.exit_status
