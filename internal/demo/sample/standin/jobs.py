"""What every batch job of Chronon shares: which days it still has to fill, in which steps, and how it can end.

The rule for missing days is that of TableUtils.unfilledRanges: days of the range that the output lacks and one of the
inputs has; holes before the first day that the output has are left alone unless --run-first-hole says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator, Mapping, Optional, Sequence

import driverlog as log
from faults import Faults
from settings import days_between
from sources import Sources
from warehouse import Warehouse

DEFAULT_STEP_DAYS = 30  # of the Driver


class JobFailed(Exception):
    """The job ends with an exception of the JVM: its message, and the frames in which it happened."""

    def __init__(self, message: str, *frames: str) -> None:
        super().__init__(message)
        self.frames = frames


@dataclass
class Job:
    """One run of the Driver: what it was asked to do, and the world that it finds."""

    subcommand: str
    conf: Mapping
    end: str
    options: Mapping[str, str]
    warehouse: Warehouse
    sources: Sources
    faults: Faults
    pace: log.Pace = field(repr=False)

    @property
    def step_days(self) -> int:
        return int(self.options.get("step-days", DEFAULT_STEP_DAYS))

    def days(self, table: str) -> set[str]:
        """The days that a table has now, whoever writes it."""
        return self.sources.days(table) if self.sources.knows(table) else self.warehouse.days(table)

    def unfilled_days(self, output: str, start: Optional[str], inputs: Optional[Sequence[str]]) -> list[str]:
        """The days to fill in the output, after printing how they were found. Without a start, the inputs decide."""
        existing = self.warehouse.days(output)
        found = set().union(*(self.days(table) for table in inputs)) if inputs else set()
        if inputs and not start:
            if not found:
                raise no_valid_start(inputs, self.end)
            start = min(found)
        assert start is not None, "a job without inputs has a start"
        wanted = days_between(start, self.end)
        if existing and "run-first-hole" not in self.options:
            cutoff = max(min(existing), start)
            skipped = [day for day in wanted if day < cutoff]
            if skipped:
                log.say(
                    "TableUtils",
                    927,
                    f"Skipping {len(skipped)} partition(s) earlier than the earliest existing output partition ({cutoff})",
                )
            wanted = [day for day in wanted if day >= cutoff]
        missing = [day for day in wanted if day not in existing]
        lacking = [day for day in wanted if day not in found] if inputs else []
        fillable = [day for day in missing if day not in lacking]
        log.unfilled(output, missing, inputs or [], lacking, fillable)
        return fillable

    def steps(self, days: Sequence[str]) -> list[list[str]]:
        """The days in unbroken ranges of at most --step-days."""
        return [
            chunk[at : at + self.step_days]
            for chunk in log.chunks(days)
            for at in range(0, len(chunk), self.step_days)
        ]  # fmt: skip

    def fail_if_planned(self, name: str, *frames: str) -> None:
        """Lose an executor, if the fault file wants that for this try."""
        if not self.faults.should_fail(self.warehouse, name, self.subcommand, self.end):
            return
        self.pace.spend(0.2)
        raise JobFailed(
            "org.apache.spark.SparkException: Job aborted due to stage failure: Task 37 in stage 14.0 failed 4 times, most"
            " recent failure: Lost task 37.3 in stage 14.0 (TID 2811) (worker-07 executor 12): ExecutorLostFailure"
            " (executor 12 exited caused by one of the running tasks) Reason: Container killed by YARN for exceeding"
            " physical memory limits. 4.5 GB of 4.5 GB physical memory used.\nDriver stacktrace:",
            "org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2856)",
            "org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2791)",
            "org.apache.spark.SparkContext.runJob(SparkContext.scala:2393)",
            *frames,
        )


def no_valid_start(inputs: Sequence[str], end: str) -> JobFailed:
    """What Chronon throws when neither the conf nor an input says where to begin."""
    return JobFailed(
        "java.lang.AssertionError: assertion failed: Either partition range needs to have a valid start or\n"
        "an input table with valid data needs to be present\n"
        f"inputTables: Some(List({', '.join(inputs)})), partitionRange: [null...{end}]\n",
        "scala.Predef$.assert(Predef.scala:223)",
        "ai.chronon.spark.catalog.TableUtils.unfilledRanges(TableUtils.scala:887)",
    )


def numbered(steps: Sequence[Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each step with its place among all: "2/3"."""
    for index, step in enumerate(steps, 1):
        yield f"{index}/{len(steps)}", step


def pretty(steps: Sequence[Sequence[str]]) -> str:
    """The steps as the list that jobs print before they begin."""
    return "\n".join(f"    {log.span(step[0], step[-1])}" for step in steps) + "\n"
