"""What the output of a Chronon job says, read line by line.

A healthy log is full of alarming lines (`Failure(java.lang.NullPointerException…`, `An unexpected error occurred during validation`,
call paths that look like stack traces), and a failed one ends in Python's `CalledProcessError` whatever the cause. So nothing is
judged while reading: the exit status says whether the job failed, the partition says whether data landed, and only then is the log
asked why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MESSAGE_LENGTH = 400


@dataclass(frozen=True)
class Failure:
    """Why a job failed: a class to count by, one line for people, and what to do."""

    failure_class: str
    message: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        return {"class": self.failure_class, "message": self.message, "remedy": self.remedy}


@dataclass(frozen=True)
class _Rule:
    failure_class: str
    pattern: re.Pattern[str]
    remedy: str


def _rule(failure_class: str, pattern: str, remedy: str) -> _Rule:
    return _Rule(failure_class, re.compile(pattern), remedy)


# From the most telling to the most general: a log often has several, and the first rule that matched any line names the failure.
_RULES = (
    _rule("duplicate_stream", r"More than one found, please kill them all", "kill all applications of this name; the next tick starts one"),
    _rule("list_apps_failed", r"Failed to retrieve running apps", "make the list_apps command of the project work on the worker"),
    _rule("no_logs_yet", r"does not have available logged data yet", "check that the join is served online with samplePercent above 0 and that its raw log lands"),
    _rule("semantic_change", r"Auto archive is disabled due to semantic hash out of date|SemanticHashException", "archive the output table, or run once with --unset-semantic-hash"),
    _rule("validation", r"Validation failed\. Please check the validation error in log", "read the validation errors above in the log and mend the conf"),
    _rule("duplicate_keys", r"Uniqueness check failed for join part", "make the key of the join part unique in its source"),
    _rule("template", r"Unresolved template macro", "mend the macro in the staging query"),
    _rule("invalid_mode", r"Invalid mode:", "this job type does not exist for this conf: regenerate the DAGs"),
    _rule("no_start", r"has null backfillStartDate", "set backfill_start_date on the GroupBy, or take it off the schedule"),
    _rule("driver_option", r"\[scallop\] Error: (.+)", "the driver refused its options: check the arguments that the project adds to run.py"),
    _rule("range_failed", r"Error handling range (.+)", "the message names the cause; the query of the conf or its input is wrong"),
    _rule("no_input", r"Either partition range needs to have a valid start or", "the input table has no partition yet: wait for it, or check its name"),
    _rule("out_of_memory", r"java\.lang\.OutOfMemoryError|Container killed by YARN for exceeding memory", "give the job more memory (EXECUTOR_MEMORY, DRIVER_MEMORY in teams.json)"),
    _rule("driver", r'Exception in thread "main" (.+)', "read the exception in the log"),
    _rule("script_missing", r"spark_\w+\.sh: No such file|returned non-zero exit status 12[67]\b|can't open file .*run\.py|No module named ai\.chronon|No module named 'ai", "run.repo must be the Chronon repository on the worker, with its scripts, and run.python must have chronon-ai"),
    _rule("run_py", r"^(?:\w+\.)*(?:\w*Error|\w*Exception): (?!Command )(.+)", "run.py itself failed: read the traceback in the log"),
)  # fmt: skip

_NOTHING_TO_DO = re.compile(
    r"There is no data to compute based on end partition of|Nothing to backfill for|No unfilled range for|seems to be caught up|"
    r"No data to compute for|samplePercent is unset for|Exit ConsistencyJob because"
)
_COMPUTING = re.compile(
    r"Computing (?:join|group by|staging query|label join) for range: \[([\d-]+\.\.\.[\d-]+)\]|Computing range \[\d+/\d+\]: \[?([\d-]+\.\.\.[\d-]+)"
)
_FIRST_HOLE = re.compile(r"Skipping (\d+) partition\(s\) earlier than the earliest existing output partition \((\S+)\)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_STEP = re.compile(r"\[(\d+)/(\d+)\]")
_UNFILLED = re.compile(r"^\s+Unfilled ranges: ?(.*)$")
_MISSING_INPUT = re.compile(r"^\s+Missing input partitions: \[(.*)\]$")
_INPUT_TABLES = re.compile(r"^\s+Input tables: (.*)$")
_OUTPUT_TABLE = re.compile(r"^\s+Output table: (.*)$")
_NO_ROWS = re.compile(r"\b0 rows requested to be written into table (\S+)")
_FINISHED = re.compile(r"Finished writing to (\S+)")
_METADATA = re.compile(r"Uploaded Chronon Configs to the KV store, success count = (\d+), failure count = (\d+)")


class JobLog:
    """The facts of one job's output. Feed it every line, then ask."""

    def __init__(self) -> None:
        self.ranges: list[str] = []
        self.step: tuple[int, int] | None = None
        self.nothing_to_do: str | None = None
        self.missing_inputs: list[
            tuple[str, str]
        ] = []  # (input tables, missing days), per computation that found nothing to fill
        self.empty_writes: list[str] = []
        self.written: list[str] = []
        self.first_day: str | None = None  # of the output, where the job left earlier days alone
        self.kv_failures = 0
        self.last_line = ""
        self._inputs = ""
        self._missing = ""
        self._unfilled_blocks: list[bool] = []
        self._matches: dict[int, str] = {}

    def feed(self, line: str) -> None:
        """Take one line, with or without its line end."""
        line = line.rstrip()
        if not line:
            return
        self.last_line = line
        self._progress(line)
        self._unfilled_block(line)
        self._writes(line)
        for position, rule in enumerate(_RULES):
            if position not in self._matches and rule.pattern.search(line):
                self._matches[position] = line.strip()

    def _progress(self, line: str) -> None:
        if computing := _COMPUTING.search(line):
            days = computing.group(1) or computing.group(2)
            if days not in self.ranges:
                self.ranges.append(days)
            if step := _STEP.search(line):
                self.step = (int(step.group(1)), int(step.group(2)))
        elif _NOTHING_TO_DO.search(line):
            self.nothing_to_do = line.split(" - ", 1)[-1].strip()
        elif hole := _FIRST_HOLE.search(line):
            self.first_day = hole.group(2)

    def _unfilled_block(self, line: str) -> None:
        """Follow the block that TableUtils prints before each computation (`Unfilled range computation:`)."""
        if _OUTPUT_TABLE.match(line):
            self._inputs = self._missing = ""
        elif match := _INPUT_TABLES.match(line):
            self._inputs = match.group(1)
        elif match := _MISSING_INPUT.match(line):
            self._missing = match.group(1)
        elif match := _UNFILLED.match(line):
            self._unfilled_blocks.append(bool(match.group(1).strip()))
            if self._missing and not match.group(1).strip():
                self.missing_inputs.append((self._inputs, self._missing))

    def _writes(self, line: str) -> None:
        if match := _NO_ROWS.search(line):
            self.empty_writes.append(match.group(1))
        elif match := _FINISHED.search(line):
            self.written.append(match.group(1))
        elif match := _METADATA.search(line):
            self.kv_failures = int(match.group(2))

    @property
    def idle(self) -> bool:
        """Tell whether the job said that there was nothing to do."""
        return self.nothing_to_do is not None or (bool(self._unfilled_blocks) and not any(self._unfilled_blocks))

    def failure(self, exit_status: int) -> Failure | None:
        """Return why the job failed; None when it ended with 0."""
        if exit_status == 0:
            return None
        for position, rule in enumerate(_RULES):
            if position in self._matches:
                return Failure(rule.failure_class, _short(self._matches[position]), rule.remedy)
        return Failure("exit_status", f"the job ended with exit status {exit_status}", "read the end of the log")

    def absence(self, partition: str) -> Failure:
        """Return why a job that ended with 0 left no `partition`, as far as its log tells."""
        if self.missing_inputs:
            tables, days = self.missing_inputs[-1]
            message = f"{partition} is not there: the upstream had not landed ({tables}, missing {_short(days, 120)})"
            return Failure(
                "upstream_not_landed",
                message,
                "find out why the input is late; the task can be cleared once it is there",
            )
        if self.empty_writes:
            message = f"{partition} is not there: the source was empty, 0 rows were written to {self.empty_writes[-1]}"
            return Failure("empty_source", message, "check the input of that day, and the filters of the conf")
        # Many a job prints that line every day, because its conf begins before its table does.
        if self.first_day is not None and any(day < self.first_day for day in _DAY.findall(partition)):
            message = f"{partition} is not there: its table begins on {self.first_day}, and days before that are left alone"
            return Failure(
                "before_first_day",
                message,
                "run the day once by hand with --run-first-hole; a day that is late must not be the first of a new table",
            )
        if self.nothing_to_do is not None:
            message = f"{partition} is not there, and the job found nothing to do: {_short(self.nothing_to_do, 200)}"
            return Failure(
                "nothing_to_do",
                message,
                "check that the inputs of that day have landed, and the start dates of the conf",
            )
        message = f"{partition} is not there although the job ended with exit status 0"
        return Failure(
            "not_landed",
            message,
            "compare the output table in the log with the conf, and check the sensor of the project",
        )


def _short(message: str, length: int = MESSAGE_LENGTH) -> str:
    return message if len(message) <= length else message[: length - 1] + "…"
