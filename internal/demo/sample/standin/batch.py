"""Staging queries, GroupBy backfills and GroupBy uploads."""

from __future__ import annotations

import json

import confs
import driverlog as log
from jobs import Job, JobFailed, numbered, pretty
from settings import shift
from warehouse import table_of

ROWS_PER_DAY = 480


def staging_query_backfill(job: Job) -> None:
    """Fill each missing day. It asks no table whether it has landed: an empty source gives "Wrote to" and no partition."""
    table, query = confs.output_table(job.conf), job.conf["query"]
    start = job.options.get("start-partition-override", job.conf["startPartition"])
    if job.conf["metaData"].get("historicalBackfill") in (0, False):
        start = job.end
    days = job.unfilled_days(table, start, inputs=None)
    if not days:
        message = f"""No unfilled range for {table} given
start partition of {job.conf["startPartition"]}
override start partition of {start}
end partition of {job.end}
"""
        log.say("StagingQuery", 85, message)
        return
    log.say("StagingQuery", 90, f"Staging Query unfilled ranges: List({', '.join(log.ranges(days))})")
    steps = job.steps(days)
    log.say("StagingQuery", 95, f"Staging query ranges to compute: \n{pretty(steps)}")
    for at, step in numbered(steps):
        first, last = step[0], step[-1]
        log.say("StagingQuery", 99, f"Computing staging query for range: {log.span(first, last)}  | [{at}]")
        rendered = query.replace("{{ start_date }}", first).replace("{{ end_date }}", last)
        log.say("StagingQuery", 102, f"Rendered Staging Query to run is:\n{rendered}")
        log.query(rendered, "StagingQuery.computeStagingQuery(StagingQuery.scala:92)")
        landed = [day for day in step if _inputs_landed(job, day)]
        log.write(table, ROWS_PER_DAY * len(landed), len(landed), job.pace, 0.7 / len(steps))
        job.warehouse.add_days(table, landed, ROWS_PER_DAY)
        log.say("StagingQuery", 106, f"Wrote to table {table}, into partitions: {log.span(first, last)} | [{at}]")
    log.say("StagingQuery", 109, f"Finished writing Staging Query data to {table}")


def group_by_backfill(job: Job) -> None:
    """Fill each missing day of the daily snapshot, where a source has landed."""
    name, table = confs.name_of(job.conf), confs.output_table(job.conf)
    start = job.conf.get("backfillStartDate")
    if not start:
        message = f"GroupBy:{name} has null backfillStartDate. This needs to be set for offline backfilling."
        raise JobFailed(
            f"java.lang.AssertionError: assertion failed: {message}", "scala.Predef$.assert(Predef.scala:223)"
        )
    start = job.options.get("start-partition-override", start)
    if job.conf["metaData"].get("historicalBackfill") in (0, False):
        start = job.end
    sources = confs.sources_of(job.conf)
    days = job.unfilled_days(table, start, [source.table for source in sources])
    if not days:
        message = f"""Nothing to backfill for {table} - given
endPartition of {job.end}
backfill start of {start}
Exiting..."""
        log.say("GroupBy$", 1048, message)
        return
    log.say("GroupBy$", 1053, f"group by unfilled ranges: List({', '.join(log.ranges(days))})")
    steps = job.steps(days)
    log.say("GroupBy$", 1059, f"Group By ranges to compute: \n{pretty(steps)}")
    for at, step in numbered(steps):
        span = log.span(step[0], step[-1])
        log.say("GroupBy$", 1064, f"Computing group by for range: {span} [{at}]")
        process_group_by(job, job.conf, step[0], step[-1])
        job.fail_if_planned(name, "ai.chronon.spark.GroupBy$.computeBackfill(GroupBy.scala:1055)")
        if not job.warehouse.has_table(table):
            log.create_table(table, {**_keys(job.conf), **confs.columns_of(job.conf)}, "group_by")
        log.write(table, 160 * len(step), len(step), job.pace, 0.7 / len(steps))
        job.warehouse.add_days(table, step, 160)
        log.say("GroupBy$", 1087, f"Wrote to table {table}, into partitions: {span}")
    log.say("GroupBy$", 1089, f"Wrote to table {table} for range: {log.span(days[0], days[-1])}")


def group_by_upload(job: Job) -> None:
    """Compute the whole upload table for one day. It never has nothing to do, and does not mind a source that is late."""
    name, table = confs.name_of(job.conf), confs.output_table(job.conf) + "_upload"
    temporal, sources = confs.is_temporal(job.conf), confs.sources_of(job.conf)
    namespace = job.conf["metaData"].get("outputNamespace", "default")
    message = f"""
GroupBy upload for: {namespace}.{name}
Accuracy: {"TEMPORAL" if temporal else "SNAPSHOT"}
Data Model: {sources[0].model}
Incremental: {str(bool(job.conf.get("isIncremental"))).lower()}
"""
    log.say("GroupByUpload$", 238, message)
    moment = shift(job.end, 1) if temporal and sources[0].model == "Events" else job.end
    process_group_by(job, job.conf, moment, moment)
    job.pace.spend(0.3)
    log.say("KvRdd", 94, _schemas(job.conf))
    job.fail_if_planned(name, "ai.chronon.spark.GroupByUpload$.run(GroupByUpload.scala:243)")
    streaming = any(source.topic for source in sources)
    if not streaming:
        message = "Not setting InputAvroSchema to GroupByServingInfo as there is no streaming source defined."
        log.say("GroupByUpload$", 164, message)
    log.say("GroupByUpload$", 177, _serving_info(job.conf, sources[0], streaming))
    if not job.warehouse.has_table(table):
        columns = {"key_bytes": "binary", "value_bytes": "binary", "key_json": "string", "value_json": "string"}
        log.create_table(table, {**columns, "ds": "string"}, "upload", partitioned_by=())
    log.write(table, 41, 0, job.pace, 0.6)
    job.warehouse.write_whole(table, job.end, 41)


def process_group_by(job: Job, group_by: dict, first: str, last: str) -> None:
    """The lines about each source that GroupBy computations begin with."""
    log.say("GroupBy$", 535, f"\n----[Processing GroupBy: {confs.name_of(group_by)}]----")
    for source in confs.sources_of(group_by):
        begin, end = source.start or first, min(last, source.end or last)
        if source.model == "Entities":
            begin = max(begin, first)
        message = f"""
Computing intersected range as:
   query range: {log.span(first, last)}
   query window: None
   source table: {source.table}
   source data range: {log.span(begin, end)}
   source start/end: {source.start or "null"}/{source.end or "null"}
   source data model: {source.model}
   queryable data range: [null...{end}]
   intersected range: {log.span(begin, end)}
"""
        log.say("GroupBy$", 659, message)
        if begin <= end:
            frames = ("GroupBy$.buildSourceDataFrame(GroupBy.scala:759)", "GroupBy$.from(GroupBy.scala:542)")
            log.scan(source.table, begin, end, *frames)


def _inputs_landed(job: Job, day: str) -> bool:
    """Whether all tables that the conf's dependencies name have rows of this day."""
    specs = job.conf["metaData"].get("dependencies") or []
    tables = [table_of(spec) for spec in specs]
    return all(
        job.sources.landed(table, day) if job.sources.knows(table) else day in job.warehouse.days(table)
        for table in tables
    )


def _keys(group_by: dict) -> dict[str, str]:
    return {key: "string" for key in group_by["keyColumns"]}


def _schemas(group_by: dict) -> str:
    def record(name: str, columns: dict[str, str]) -> str:
        avro = {"bigint": "long", "int": "int", "double": "double"}
        fields = [{"name": key, "type": ["null", avro.get(of, "string")], "doc": ""} for key, of in columns.items()]
        schema = {"type": "record", "name": name, "namespace": "ai.chronon.data", "doc": "", "fields": fields}
        return json.dumps(schema, indent=2)

    return f"""
key schema:
  {record("Key", _keys(group_by))}
value schema:
  {record("Value", confs.columns_of(group_by))}
"""


def _serving_info(group_by: dict, source: confs.Source, streaming: bool) -> str:
    def struct(columns: dict[str, str]) -> str:
        return "Success(struct<" + ",".join(f"{key}:{of}" for key, of in columns.items()) + ">)"

    none = 'Failure(java.lang.NullPointerException: Cannot invoke "String.length()" because "content" is null)'
    keys, values = _keys(group_by), confs.columns_of(group_by)
    return f"""
Built GroupByServingInfo for {confs.name_of(group_by)}:
table: {source.table} / data-model: {source.model}
     keySchema: {struct(keys)}
   valueSchema: {struct(values)}
mutationSchema: {struct({**keys, **values, "mutation_ts": "bigint", "is_before": "boolean"}) if streaming else none}
   inputSchema: {struct({**keys, **values}) if streaming else none}
selectedSchema: {struct(values)}
  streamSchema: {struct({**keys, **values}) if streaming else none}
"""
