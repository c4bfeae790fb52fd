"""What looks at a join that serves: the flattened log, the online/offline comparison, and daily statistics."""

from __future__ import annotations

import confs
import driverlog as log
import metrics
from jobs import Job, JobFailed, no_valid_start, numbered, pretty
from joins import ROWS_PER_DAY, compute_join
from settings import now

LOGGED_ROWS_PER_DAY = 400


def log_flattener(job: Job) -> None:
    """Unpack the raw log of a join into T_logged, for each day that the raw log still holds."""
    name, table = confs.name_of(job.conf), confs.output_table(job.conf) + "_logged"
    raw = job.options["log-table"]
    if not job.conf["metaData"].get("samplePercent"):
        log.say("LogFlattenerJob", 212, f"samplePercent is unset for {name}. Exit.")
        return
    if not job.days(raw) or confs.team_path(job.conf) not in job.sources.values(raw, "name"):
        message = (
            f"The join name {confs.team_path(job.conf)} does not have available logged data yet.\n"
            "Please double check your logging status"
        )
        log.say("LogFlattenerJob", 87, message)
        raise JobFailed(
            f"java.lang.RuntimeException: {message}",
            "ai.chronon.spark.LogFlattenerJob.getUnfilledRanges(LogFlattenerJob.scala:88)",
            "ai.chronon.spark.LogFlattenerJob.buildLogTable(LogFlattenerJob.scala:215)",
        )
    days = job.unfilled_days(table, None, [raw])
    if not days:
        latest = f"{raw}(latest Some({max(job.days(raw))}))"
        log.say("LogFlattenerJob", 93, f"{table} seems to be caught up - to either {latest} or {job.end}.")
        return
    rows = max(1, round(LOGGED_ROWS_PER_DAY * job.conf["metaData"]["samplePercent"] / 100))
    for step in job.steps(days):
        log.scan(raw, step[0], step[-1], "LogFlattenerJob.buildLogTable(LogFlattenerJob.scala:221)")
        log.say("LogFlattenerJob", 231, "======= Log table schema =======")
        schema = {"schema_hash": "string", "ts": "bigint", "ds": "string", **confs.features_of(job.conf)}
        log.say("LogFlattenerJob", 232, "\n".join(f"  {kind} : {column}" for column, kind in schema.items()))
        if not job.warehouse.has_table(table):
            log.create_table(table, schema, "logged")
        log.write(table, rows * len(step), len(step), job.pace, 0.8 / len(job.steps(days)))
        job.warehouse.add_days(table, step, rows)
    log.say("LogFlattenerJob", 257, f"Processed logs: {rows * len(days)} rows success, 0 rows failed.")


def consistency_metrics_compute(job: Job) -> None:
    """Recompute what was logged, and compare: T_comparison, then T_consistency with a row for each hour."""
    table = confs.output_table(job.conf)
    logged, comparison, output = f"{table}_logged", f"{table}_comparison", f"{table}_consistency"
    percent = job.conf["metaData"].get("consistencySamplePercent", 5.0)
    if percent == 0:
        log.say("ConsistencyJob", 37, "Exit ConsistencyJob because consistencySamplePercent = 0")
        return
    if not job.days(logged):
        raise no_valid_start([logged], job.end)
    if job.unfilled_days(comparison, None, [logged]):
        log.say("ConsistencyJob", 44, "Building Join With left as logged")
        log.say("ConsistencyJob", 84, "Starting compute Join for comparison table")
        rows = max(1, round(LOGGED_ROWS_PER_DAY * percent / 100))
        compute_join(job, comparison, logged, min(job.days(logged)), None, share=0.6, rows=rows)
        log.say("ConsistencyJob", 86, "======= side-by-side comparison schema =======")
        schema = confs.features_of(job.conf)
        log.say("ConsistencyJob", 87, "\n".join(f"  {kind} : {column}" for column, kind in schema.items()))
    log.say("ConsistencyJob", 103, "Determining Range between consistency table and comparison table")
    days = job.unfilled_days(output, None, [comparison])
    for step in job.steps(days):
        log.scan(logged, step[0], step[-1], "stats.ConsistencyJob.buildConsistencyMetrics(ConsistencyJob.scala:108)")
        log.say("ConsistencyJob", 115, "Starting compare job for stats")
        keys = job.conf.get("rowIds") or ["ts", "ds"]
        log.say("ConsistencyJob", 121, f"Using [{','.join(keys)}] as join keys between log and backfill.")
        log.say("CompareBaseJob$", 147, f"Join keys: {', '.join(keys)}")
        rows = [row for day in step for row in metrics.consistency_rows(job.conf, day, percent, job.faults)]
        log.say("ConsistencyJob", 128, "Saving output.")
        log.write(output, len(rows), len(step), job.pace, 0.3)
        job.warehouse.add_consistency(output, rows)
        job.warehouse.add_days(output, step, len(rows) // len(step))
        log.write(f"{output}_upload", len(rows) + 2, len(step) + 1, job.pace, 0.1)
        # The two schema rows of the upload table land in a partition of the day on which the job runs.
        job.warehouse.add_days(f"{output}_upload", [*step, now().date().isoformat()], len(rows) // len(step))


def stats_summary(job: Job) -> None:
    """Statistics of the join's output."""
    table = confs.output_table(job.conf)
    _summarise(job, table, f"{table}_daily_stats", ROWS_PER_DAY)


def log_summary(job: Job) -> None:
    """Statistics of the flattened log."""
    table = confs.output_table(job.conf)
    _summarise(job, f"{table}_logged", f"{table}_logged_daily_stats", LOGGED_ROWS_PER_DAY)


def _summarise(job: Job, table: str, output: str, rows: int) -> None:
    days = job.unfilled_days(output, None, [table])
    if not days:
        log.say("SummaryJob", 60, f"No data to compute for {output}")
        return
    message = f"Daily output statistics table {output} unfilled range: {log.span(days[0], days[-1])}"
    log.say("SummaryJob", 64, message)
    steps = job.steps(days)
    log.say("SummaryJob", 66, f"Ranges to compute: \n{pretty(steps)}")
    for at, step in numbered(steps):
        log.say("SummaryJob", 70, f"Computing range [{at}]: {log.span(step[0], step[-1])}")
        log.scan(table, step[0], step[-1], "stats.SummaryJob.basicStatsJob(SummaryJob.scala:63)")
        for target, share in ((f"{output}_upload", 0.3), (output, 0.5)):
            log.write(target, len(step), len(step), job.pace, share / len(steps))
            job.warehouse.add_days(target, step, rows)
        log.say("SummaryJob", 100, f"Finished range [{at}].")
    log.say("SummaryJob", 103, "Finished writing stats.")
