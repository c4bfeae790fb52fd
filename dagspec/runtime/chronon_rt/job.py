"""Running a Chronon job: run.py with an argv list, and then the proof that its data landed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Callable

from . import calendar_rules, compat, process, upload_table
from .definitions import Job, Text, Wait
from .gathered import in_folders
from .joblog import Failure, JobLog
from .presence import LookupFailed
from .rendering import UnusableArgument, command_line, partition_name
from .runner import Elsewhere
from .task import ChrononTask, Run
from .wait import is_there


# run.py writes into a pipe here, and would keep its own lines back until it ends, behind those of the job that it runs.
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


class RunChronon(ChrononTask):
    """One job of run.py."""

    ui_color = "#fff3e0"

    def __init__(self, *, job: Job, waits: Sequence[Wait], loads: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.waits = tuple(waits)
        self.loads = tuple(loads)
        self._process: process.Job | Elsewhere | None = None
        self._killed = False

    def execute(self, context: Mapping[str, Any]) -> None:
        run = self.run_of(context)
        if why := self._why_skipped(run) or self._why_outdated(context, run):
            self._report(context, run, "skipped", JobLog(), 0, None, reason=why)
            raise self.skipped(why)
        self._let_kv_loads_finish(context)
        log, started = JobLog(), time.monotonic()
        status = self._run(context, run, log.feed)
        minutes = (time.monotonic() - started) / 60
        failure, outcome = self._verdict(run, log, status)
        self._report(context, run, outcome, log, minutes, failure)
        if failure is not None:
            raise compat.AirflowException(f"{failure.failure_class}: {failure.message}. What to do: {failure.remedy}")

    def on_kill(self) -> None:
        self._killed = True
        if self._process is not None:
            self._process.kill()

    def _why_skipped(self, run: Run) -> str | None:
        """Return why the job has nothing to do in this run, or None."""
        if why := self.why_not_for(run, self.job.conf, self.job.schedule):
            return why
        if why := run.options.refuses(self.job.mode, self.job.part):
            return why
        if run.options.given or not self.job.coalesce:
            return None
        return self._newer_day_fills_it(run)

    def _why_outdated(self, context: Mapping[str, Any], run: Run) -> str | None:
        """Return which newer upload is in the table already: this one would put older values in its place."""
        if not self.loads or run.options.given:
            return None
        newer = upload_table.newer_upload(context, [self.task_id], self.surroundings.cron, run.logical)
        return f"the table already holds the newer upload of {newer}" if newer else None

    def _newer_day_fills_it(self, run: Run) -> str | None:
        """Leave this day to the next one when that has all that it needs: a job that fills what is missing does both at once.

        The partitions are asked for, not the run: with few active runs the next day's run often does not exist yet.
        """
        due = calendar_rules.next_due(self.surroundings.cron, self.job.schedule, run.logical, compat.cron_interval)
        if due is None or due[1] > compat.now():
            return None
        day = due[0]
        try:
            ready = all(is_there(wait, day, self.presence()) for wait in self.waits)
        except LookupFailed as error:
            self.log.warning("Computing %s, since nobody knows whether the run of %s could: %s", run.day, day, error)
            return None
        if not ready:
            return None
        return f"the run of {day} has all that it needs and fills {run.day} too"

    def _let_kv_loads_finish(self, context: Mapping[str, Any]) -> None:
        """Give the slot back while another run still has to load the table that this upload would overwrite."""
        if not self.loads:
            return
        states = compat.task_states(context, [self.task_id, *self.loads])
        busy = upload_table.unloaded_run(states, context["ti"].run_id, self.task_id, self.loads)
        if busy is not None:
            self.log.info("The KV load of %s comes first: this upload would overwrite its table", busy)
            raise compat.reschedule(self.poke_interval)

    def _run(self, context: Mapping[str, Any], run: Run, line: Callable[[str], None], more: Sequence[str] = ()) -> int:
        """Run the job, show its output line by line, and return its exit status."""
        with in_folders(self.job.argv, self.surroundings.place) as parts:
            argv = [*self._command_line(run, parts), *more]
            self.log.info("Running %s in %s", argv, self.project.repo)
            return self._run_command(context, argv, line)

    def _command_line(self, run: Run, parts: Sequence[Text]) -> list[str]:
        try:
            argv = command_line(parts, run.day, self.surroundings.place)
        except UnusableArgument as error:
            raise compat.AirflowFailException(str(error)) from None
        ds = (run.day - timedelta(days=self.job.lag)).isoformat()
        return [*argv, *run.options.arguments(self.job.mode, self.job.part, ds, argv)]

    def _run_command(self, context: Mapping[str, Any], argv: list[str], line: Callable[[str], None]) -> int:
        """Run a command on the worker, or where the project's runner puts it."""
        env = {**UNBUFFERED, **self.project.env, **self.job.env}

        def show(each: str) -> None:
            self.log.info("%s", each)
            line(each)

        if self.project.runner:
            elsewhere = self._process = Elsewhere()
            return elsewhere.run(
                self.project.runner, context, show, task_id=self.task_id, argv=argv, env=env, cwd=self.project.repo
            )
        on_worker = self._process = process.Job()
        try:
            return process.run_lines(argv, self.project.repo, env, show, on_worker)
        except OSError as error:
            raise compat.AirflowException(f"the job could not be started in {self.project.repo!r}: {error}") from error

    def _verdict(self, run: Run, log: JobLog, status: int) -> tuple[Failure | None, str]:
        """Exit status 0 is not success: only a partition that was seen is."""
        if self._killed:
            return Failure(
                "killed", "the task was killed, and its job with it", "clear the task to run it again"
            ), "failed"
        if status != 0:
            return log.failure(status), "failed"
        if log.kv_failures:
            message = f"{log.kv_failures} confs could not be put into the KV store"
            return Failure("metadata_put", message, "check the KV store, and run the task again"), "failed"
        presence = self.presence()
        if not self.job.outputs or not presence.can_look:
            return None, "nothing_to_do" if log.idle else "done"
        day = self._landing_day(run)
        for partition in self.job.outputs:
            if not presence(partition, day):
                return log.absence(partition_name(partition, day)), "failed"
            self.log.info("%s landed", partition_name(partition, day))
        return None, "nothing_to_do" if log.idle else "landed"

    def _landing_day(self, run: Run) -> date:
        """Return the day whose outputs are looked for: the run's, or the one whose lagged partition ends the range asked for."""
        if run.options.end_ds is None:
            return run.day
        return date.fromisoformat(run.options.end_ds) + timedelta(days=self.job.lag)

    def _report(
        self,
        context: Mapping[str, Any],
        run: Run,
        outcome: str,
        log: JobLog,
        minutes: float,
        failure: Failure | None,
        reason: str = "",
    ) -> None:
        progress = {
            "v": 1,
            "conf": self.job.conf,
            "mode": self.job.mode,
            "ds": (run.day - timedelta(days=self.job.lag)).isoformat(),
            "outcome": outcome,
            "ranges": log.ranges[-20:],
            "minutes": round(minutes, 2),
            "failure": failure.as_json() if failure is not None else None,
            "reason": reason,
        }
        self.publish(context, "chronon_progress", progress)
