"""The tasks of a streaming DAG: a tick of keep-alive for each stream, and the summary of the team."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from . import compat, keep_alive
from .definitions import Partition, Summary
from .job import RunChronon
from .presence import LookupFailed
from .task import ChrononTask, Run, decoded

# The least time that a submission gets before the tick gives up on it.
START_LIMIT_S = 600


class KeepAlive(RunChronon):
    """One tick: run.py looks for the stream and starts it when it is gone."""

    ui_color = "#f3e5f5"

    def execute(self, context: Mapping[str, Any]) -> None:
        run = self.run_of(context)
        if why := self.why_not_for(run, self.job.conf, self.job.schedule) or run.options.refuses(self.job.mode):
            raise self.skipped(why)
        before = decoded(compat.previous_xcom(context, "chronon_stream"))
        limit = self.project.streaming.max_restarts
        # Somebody who asks for a tick of certain streams has looked: the limit is for schedules.
        flaps = not run.options.given and keep_alive.too_many_restarts(before, compat.now(), limit)
        if flaps:
            self.log.warning(
                "%d restarts in 24 hours are used up: the stream is looked for, and not started again", limit
            )
        held = self._held(before, run)
        if held is not None:
            self.log.info("the stream is looked for, and not started: %s", held.reason)
        log = keep_alive.StreamLog()
        status = self._run_in_time(context, run, log, keep_alive.LOOK_ONLY if flaps or held is not None else ())
        tick = keep_alive.judge(log, status, before, flaps, held)
        stream = keep_alive.continue_history(self.job.conf, tick, before, compat.now())
        self.publish(context, "chronon_stream", stream)
        self.log.info(
            "%s is %s since %s, %d restarts in 24 hours",
            self.job.conf,
            tick.state,
            stream["since"],
            stream["restarts_24h"],
        )
        if tick.state not in keep_alive.RUNNING:
            raise compat.AirflowException(f"{self.job.conf} is {tick.state}: {tick.reason}")

    def _held(self, before: Mapping[str, Any] | None, run: Run) -> keep_alive.Tick | None:
        """Return the tick of a stream that never ran and waits for its first upload; None when it may start.

        Without the batch values of a first upload the job ends at once, and its restarts would be used up before it could ever run.
        """
        presence, table = self.presence(), self.job.table
        if not table or keep_alive.ever_ran(before) or not presence.can_look:
            return None
        try:
            there = presence(Partition(table), run.day)
        except LookupFailed as error:
            reason = f"nobody can say whether its first upload, {table}, is there: {error}"
            return keep_alive.Tick("not_started", "", reason, why="upload_not_known", awaits=table)
        if there:
            return None
        reason = f"its first upload, {table}, is not there yet"
        return keep_alive.Tick("not_started", "", reason, why="no_upload", awaits=table)

    def _run_in_time(
        self, context: Mapping[str, Any], run: Run, log: keep_alive.StreamLog, more: Sequence[str]
    ) -> int | None:
        """Return run.py's exit status, or None when it did not come back: a submission in client mode stays as long as the stream."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.on_kill()

        timer = threading.Timer(max(START_LIMIT_S, self.project.streaming.tick_s), give_up)
        timer.daemon = True
        timer.start()
        try:
            status = self._run(context, run, log.feed, more)
        finally:
            timer.cancel()
        return None if late.is_set() else status


class KeepAliveSummary(ChrononTask):
    """Publishes the team's streams whatever their ticks came to, and fails when one of them is not running."""

    ui_color = "#ede7f6"

    def __init__(self, *, summary: Summary, ticks: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.summary = summary
        self.ticks = dict(ticks)  # task id -> GroupBy

    def execute(self, context: Mapping[str, Any]) -> None:
        self.run_of(context)
        states = next(iter(compat.task_states(context, sorted(self.ticks), this_run=True).values()), {})
        if states and all(state == "skipped" for state in states.values()):
            raise self.skipped("no stream belongs to this run")
        streams = [self._stream(context, task_id, states.get(task_id)) for task_id in sorted(self.ticks)]
        view = keep_alive.team_view(streams, compat.now())
        self.publish(context, "chronon_keep_alive", view)
        wrong = [stream for stream in view["streams"] if stream["state"] not in keep_alive.RUNNING]
        for stream in view["streams"]:
            self.log.info("%s: %s since %s %s", stream["group_by"], stream["state"], stream["since"], stream["reason"])
        if wrong:
            raise compat.AirflowException("; ".join(f"{s['group_by']} is {s['state']}: {s['reason']}" for s in wrong))

    def _stream(self, context: Mapping[str, Any], task_id: str, state: str | None) -> dict[str, Any]:
        """Return what the tick of this run published, or what is known without it."""
        published = decoded(compat.run_xcom(context, "chronon_stream", task_id))
        if published is not None:
            return published
        before = decoded(compat.previous_xcom(context, "chronon_stream", task_id))
        if state == "skipped" and before is not None:
            return before
        tick = keep_alive.Tick("unknown", "", f"this tick's task ended {state or 'without a state'} before it knew")
        return keep_alive.continue_history(self.ticks[task_id], tick, before, compat.now())
