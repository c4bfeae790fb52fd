"""Join backfills, with all that they write on their way, and the label join."""

from __future__ import annotations

import json

import confs
import driverlog as log
from batch import process_group_by
from jobs import Job, JobFailed, numbered, pretty
from settings import now, shift

ROWS_PER_DAY = 100
HASHES = "semantic_hash"


def join_backfill(job: Job) -> None:
    """Fill each missing day that the left side has. A left side that has not landed: nothing is written, and exit 0."""
    if "selected-join-parts" in job.options:
        join_parts(job, job.options["selected-join-parts"].split(","))
        return
    _print_conf(job.conf)
    log.say("Analyzer", 349, f"Running join analysis for joins/{confs.name_of(job.conf)} ...")
    job.pace.spend(0.15)
    nothing = (
        'An unexpected error occurred during validation. Cannot invoke "Object.toString()" because "value" is null'
    )
    log.say("Join", 531, nothing)
    left = confs.source_of(job.conf["left"])
    compute_join(job, confs.filled_table(job.conf), left.table, left.start, left.end, share=0.8)


def compute_join(
    job: Job, table: str, left: str, start: str | None, end: str | None, share: float, rows: int = ROWS_PER_DAY
) -> None:
    """The part of a join backfill that the consistency job does too, for its own table and left side."""
    last = min(job.end, end or job.end)
    probe = f"SELECT\n  *\nFROM {left} \nWHERE\n  (ds >= '{last}') AND (ds <= '{last}') LIMIT 0"
    log.say("JoinUtils$", 71, f"Left side query below produced 0 rows in range {log.span(last, last)}. Query:\n{probe}")
    _archive_if_changed(job, table)
    start = job.options.get("start-partition-override", start)
    if job.conf["metaData"].get("historicalBackfill") in (0, False):
        start = last
    log.say("Join", 392, f"Left side range to fill {log.span(start or 'null', last)}")
    days = [day for day in job.unfilled_days(table, start, [left]) if day <= last]
    if not days:
        log.say("Join", 580, f"\nThere is no data to compute based on end partition of {last}.\n\n Exiting..")
        return
    _print_bootstrap_info(job.conf)
    steps = job.steps(days)
    log.say("Join", 605, f"Join ranges to compute: \n{pretty(steps)}")
    for at, step in numbered(steps):
        first, final = step[0], step[-1]
        log.say("Join", 610, f"Computing join for range: {log.span(first, final)}  | [{at}]")
        began = now()
        log.scan(left, first, final, "JoinUtils$.leftDf(JoinUtils.scala:60)")
        _write(job, f"{table}_bootstrap", step, rows, share * 0.2 / len(steps), "bootstrap")
        for part in job.conf.get("joinParts", []):
            _write_part(job, table, part, step, rows, share / len(steps))
        job.fail_if_planned(confs.name_of(job.conf), "ai.chronon.spark.JoinBase.computeJoinOpt(JoinBase.scala:620)")
        _write(job, table, step, rows, share * 0.4 / len(steps), "join")
        minutes = int((now() - began).total_seconds() // 60)
        message = f"Wrote to table {table}, into partitions: {log.span(first, final)} | [{at}] in {minutes} mins"
        log.say("Join", 625, message)
    log.say("Join", 633, f"Wrote to table {table}, into partitions: List({', '.join(log.ranges(days))})")
    job.warehouse.set_property(table, HASHES, json.dumps(confs.semantic_hashes(job.conf, table)))


def join_left(job: Job) -> None:
    """The first step of a join in parts: the left side alone, which the parts then read."""
    left, table = confs.source_of(job.conf["left"]), f"{confs.output_table(job.conf)}_bootstrap"
    last = min(job.end, left.end or job.end)
    _fill(job, table, left.table, left.start, last, "bootstrap")


def join_parts(job: Job, names: list[str]) -> None:
    """The second step: parts of the join by their names, for the days whose left side is there."""
    table = confs.output_table(job.conf)
    parts = {confs.part_prefix(part): part for part in job.conf.get("joinParts", [])}
    for name in names:
        if name not in parts:
            known = ", ".join(sorted(parts))
            raise JobFailed(f"java.lang.IllegalArgumentException: no join part {name}, there are {known}")
        days = sorted(day for day in job.days(f"{table}_bootstrap") if day <= job.end)
        if days:
            _write_part(job, table, parts[name], days, ROWS_PER_DAY, 1)


def join_final(job: Job) -> None:
    """The last step: the left side and its parts become the join's table."""
    table = confs.filled_table(job.conf)
    _fill(job, table, f"{confs.output_table(job.conf)}_bootstrap", None, job.end, "join")


def model_transform_batch(job: Job) -> None:
    """Run the models over what the join wrote, into the table that has the join's name."""
    table, filled = confs.output_table(job.conf), confs.filled_table(job.conf)
    days = job.unfilled_days(table, None, [filled])
    for first, last in ((chunk[0], chunk[-1]) for chunk in log.chunks(days)):
        log.say("ModelTransformBatchJob", 61, f"Running model transform batch job for range: {first} to {last}")
    _write(job, table, days, ROWS_PER_DAY, 0.8, "join")


def _fill(job: Job, table: str, source: str, start: str | None, last: str, kind: str) -> None:
    """Write the days that the table lacks and the source has."""
    days = [day for day in job.unfilled_days(table, start, [source]) if day <= last]
    if not days:
        log.say("Join", 580, f"\nThere is no data to compute based on end partition of {last}.\n\n Exiting..")
        return
    _write(job, table, days, ROWS_PER_DAY, 0.8, kind)


def label_join(job: Job) -> None:
    """Join the labels of one day to a window of earlier rows. It never looks whether that was done already."""
    label = job.conf.get("labelPart")
    if not label:
        message = "None.get"
        raise JobFailed(f"java.util.NoSuchElementException: {message}", "ai.chronon.spark.LabelJoin.<init>")
    table = confs.output_table(job.conf)
    left = confs.source_of(job.conf["left"])
    first = max(shift(job.end, 1 - label["leftStartOffset"]), left.start or "")
    last = shift(job.end, 1 - label["leftEndOffset"])
    window = log.span(first, last)
    log.say("LabelJoin", 123, f"Label join range to fill {window}")
    log.say("LabelJoin", 129, f"Label Join left ranges to compute: \n    {window}\n")
    log.say("LabelJoin", 134, f"Computing label join for range: {window}  Label DS: {job.end} | [1/1]")
    log.scan(left.table, first, last, "LabelJoin.compute(LabelJoin.scala:130)")
    present = sorted(day for day in job.days(left.table) if first <= day <= last)
    for part in label["labels"]:
        process_group_by(job, part["groupBy"], job.end, job.end)
    log.say("LabelJoin", 204, "Label Join filtering left df with only row identifier:")
    labels = f"{table}_labels"
    if not job.warehouse.has_table(labels):
        keys = {key: "string" for key in job.conf.get("rowIds", [])}
        columns = {
            f"{confs.part_prefix(part)}_{name}": kind
            for part in label["labels"]
            for name, kind in confs.columns_of(part["groupBy"]).items()
        }
        log.create_table(labels, {**keys, **columns}, "label", partitioned_by=("label_ds", "ds"))
    log.write(labels, ROWS_PER_DAY * len(present), len(present), job.pace, 0.8, sort="label_ds")
    job.warehouse.add_partitions(labels, {f"label_ds={job.end}/ds={day}": ROWS_PER_DAY for day in present})
    log.say("LabelJoin", 149, f"Wrote to table {labels}, into partitions: {window} | [1/1] in 0 mins")
    log.say("LabelJoin", 152, f"Wrote to table {labels}, into partitions: {window}")
    log.say("LabelJoin", 99, f"Joining label table : {labels} with joined output table : {table}")
    if not job.warehouse.has_table(table):
        raise JobFailed(
            "org.apache.spark.sql.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] The table or view"
            f" `{table.replace('.', '`.`')}` cannot be found. Verify the spelling and correctness of the schema and catalog.",
            "ai.chronon.spark.LabelJoin.computeLabelJoin(LabelJoin.scala:100)",
        )
    job.warehouse.write_whole(f"{table}_labeled", job.end, ROWS_PER_DAY * len(present))
    log.say("LabelJoin", 111, f"Final labeled view created: {table}_labeled")
    job.warehouse.write_whole(f"{table}_labeled_latest", job.end, ROWS_PER_DAY * len(present))
    log.say("LabelJoin", 115, f"Final view with latest label created: {table}_labeled_latest")


def _write(job: Job, table: str, days: list[str], rows: int, share: float, kind: str) -> None:
    if not job.warehouse.has_table(table):
        keys = {key: "string" for key in job.conf.get("rowIds", [])}
        log.create_table(table, {**keys, **confs.features_of(job.conf)}, kind)
    log.write(table, rows * len(days), len(days), job.pace, share)
    job.warehouse.add_days(table, days, rows)


def _write_part(job: Job, table: str, part: dict, days: list[str], rows: int, share: float) -> None:
    """Write the table of a join part. Snapshots are joined to events as of the midnight before, so they lie a day back."""
    group_by = part["groupBy"]
    name, output = confs.name_of(group_by), f"{table}_{confs.part_prefix(part)}"
    events = bool(job.conf["left"].get("events"))
    back = -1 if events and not confs.is_temporal(group_by) else 0
    target = [shift(day, back) for day in days]
    message = f"\nBackfill is required for {name} for {rows * len(days)} rows on range {log.span(days[0], days[-1])}"
    log.say("Join", 252, message)
    process_group_by(job, group_by, target[0], target[-1])
    message = f"Writing to join part table: {output} for partition range {log.span(target[0], target[-1])}"
    log.say("Join", 210, message)
    log.write(output, rows * len(days), len(days), job.pace, 0.4 * share / len(job.conf["joinParts"]))
    job.warehouse.add_days(output, target, rows)
    log.say("Join", 221, f"Wrote {len(days)} partitions to join part table: {output} in 0 minutes")


def _archive_if_changed(job: Job, table: str) -> None:
    """A join whose meaning changed moves its output and its parts aside and starts again, without a word of complaint."""
    old, new = job.warehouse.property(table, HASHES), confs.semantic_hashes(job.conf, table)
    lines = "\n".join(f"- {name}: {value}" for name, value in new.items())
    if old is None:
        log.say(
            "JoinUtils$", 81, f"No semantic hash found in table {table}. Proceed to computation and table creation."
        )
        log.say("JoinUtils$", 84, f"New Hashes:\n{lines}\n")
    else:
        before = "\n".join(f"- {name}: {value}" for name, value in json.loads(old).items())
        log.say("JoinUtils$", 71, f"Comparing Hashes:\nOld Hashes:\n{before}\nNew Hashes:\n{lines}\n")
    if old is None or json.loads(old) == new:
        log.say("Join", 548, "No semantic change detected, leaving output table in place.")
        return
    log.say("Join", 550, "Semantic changes detected, archiving output table.")
    before = json.loads(old)
    changed = {name for name in {*before, *new} if before.get(name) != new.get(name)}
    parts = {name for name in before if name.startswith(table)}
    stale = parts if "left_source" in changed else parts & changed
    for name in sorted({*stale, table}):
        archived = f"{name}_{now():%Y%m%d%H%M%S}"
        log.say("TableUtils", 987, f"Archiving table with command: ALTER TABLE {name} RENAME TO {archived}")
        job.warehouse.rename_table(name, archived)
        log.say("TableUtils", 989, "Setting table property chronon_archived -> true")


def _print_conf(conf: dict) -> None:
    compact = json.dumps(conf["left"], separators=(",", ":"))
    log.say("Extensions$JoinOps", 899, f"Join Left Object: {compact}")
    for part in conf.get("joinParts", []):
        compact = json.dumps({"sources": part["groupBy"]["sources"]}, separators=(",", ":"))
        log.say("Extensions$GroupByOps", 467, f"Computing semantic hash for GroupBy object: {compact}")


def _print_bootstrap_info(conf: dict) -> None:
    name = confs.name_of(conf)
    log.say("BootstrapInfo$", 85, f"\nCreating BootstrapInfo for GroupBys for Join {name}")
    for part in conf.get("joinParts", []):
        keys = "\n".join(f"  string : {key}" for key in part["groupBy"]["keyColumns"])
        values = "\n".join(
            f"  {kind} : {confs.part_prefix(part)}_{column}"
            for column, kind in confs.columns_of(part["groupBy"]).items()
        )
        title = f"Bootstrap Info for Join Part `{confs.name_of(part['groupBy'])}`"
        log.say("BootstrapInfo$", 322, f"{title}\nKey Schema:\n{keys}\nValue Schema:\n{values}\n")
    log.say("BootstrapInfo$", 357, f"\n======= Finalized Bootstrap Info {name} END =======\n")
