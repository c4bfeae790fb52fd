"""The stand-in for spark-submit: reads what Chronon's scripts pass, and plays the Driver of Chronon.

    spark-submit [--name APP] [--master M] [--conf K=V]... --class ai.chronon.spark.Driver JAR SUBCOMMAND [--option=value]...

What run.py starts without Spark (`java -cp JAR ai.chronon.spark.Driver SUBCOMMAND ...`) comes here through the program `java` beside this file.

Exit 0 and 1 mean what they mean for a real job, and as there, 0 does not mean that data landed. Exit 2 is a mistake of
whoever set the stand-in up.
"""

from __future__ import annotations

import os
import sys
from typing import Callable

import batch
import confs
import driverlog as log
import joins
import quality
from faults import Faults
from jobs import Job, JobFailed
from settings import StandinError, now, shift, store_folder
from sources import Sources
from warehouse import Warehouse

DRIVER = "ai.chronon.spark.Driver"

# Subcommands of the Driver with the function that plays them, their usual seconds, and the options that they need.
JOBS: dict[str, tuple[Callable[[Job], None], float, tuple[str, ...]]] = {
    "staging-query-backfill": (batch.staging_query_backfill, 1.6, ()),
    "group-by-backfill": (batch.group_by_backfill, 2.0, ()),
    "group-by-upload": (batch.group_by_upload, 2.0, ()),
    "join": (joins.join_backfill, 3.0, ()),
    "join-left": (joins.join_left, 1.0, ()),
    "join-final": (joins.join_final, 1.0, ()),
    "model-transform-batch": (joins.model_transform_batch, 1.6, ("online-jar", "online-class")),
    "label-join": (joins.label_join, 2.0, ()),
    "log-flattener": (quality.log_flattener, 1.6, ("log-table", "schema-table")),
    "consistency-metrics-compute": (quality.consistency_metrics_compute, 3.0, ()),
    "stats-summary": (quality.stats_summary, 2.0, ()),
    "log-summary": (quality.log_summary, 2.0, ()),
}
STREAMING = "group-by-streaming"
METADATA_UPLOAD = "metadata-upload"

# Options that the Driver knows. Those without a value stand alone.
OPTIONS = {
    "conf-path", "end-date", "start-partition-override", "step-days", "log-table", "schema-table", "selected-join-parts",
    "online-jar", "online-class", "conf-type", "sample", "kafka-bootstrap", "mutation-topic", "checkpoint-interval-millis",
}  # fmt: skip
FLAGS = {"run-first-hole", "unset-semantic-hash", "use-cached-left", "force-backfill", "enable-auto-expand", "debug"}


class UsageError(Exception):
    """What Chronon's argument parser refuses; it has its own prefix in the log."""


def main(argv: list[str]) -> int:
    try:
        return run(argv)
    except UsageError as error:
        print(f"[scallop] Error: {error}", file=sys.stderr, flush=True)
    except JobFailed as error:
        log.failure(str(error), *error.frames)
    except confs.ConfError as error:
        log.failure(f"java.lang.RuntimeException: {error}", "ai.chronon.api.ThriftJsonCodec$.fromJsonFile")
    except StandinError as error:
        print(f"spark-submit (stand-in): {error}", file=sys.stderr, flush=True)
        return 2
    return 1


def run(argv: list[str]) -> int:
    """Play the job that the arguments ask for."""
    name, driver_args = split_arguments(argv)
    subcommand, options = parse_driver(driver_args)
    if subcommand not in JOBS and subcommand not in (STREAMING, METADATA_UPLOAD):
        known = ", ".join(sorted({*JOBS, STREAMING, METADATA_UPLOAD}))
        raise StandinError(f"the stand-in does not play {subcommand!r}; it plays {known}")
    play, seconds, required = JOBS.get(subcommand, (None, 0.0, ("online-jar", "online-class")))
    for option in ("conf-path", *required, *(("end-date",) if play else ())):
        if option not in options:
            raise UsageError(f"Required option '{option}' not found")
    if subcommand == METADATA_UPLOAD:
        upload_metadata(options["conf-path"])
        return 0
    conf = confs.read_conf(options["conf-path"])
    folder = store_folder()
    warehouse, faults = Warehouse(folder), Faults()
    if play is None:
        start_stream(name or os.environ.get("APP_NAME", confs.name_of(conf)), conf, warehouse, faults)
        return 0
    pace = log.Pace(f"{subcommand} {confs.name_of(conf)}", seconds)
    pace.spend(0.1)
    end = checked_day(options["end-date"])
    play(Job(subcommand, conf, end, options, warehouse, Sources(folder), faults, pace))
    return 0


def split_arguments(argv: list[str]) -> tuple[str, list[str]]:
    """The name of the application, and what follows the jar, which is for the Driver."""
    name, main_class, at = "", "", 0
    while at < len(argv) and argv[at].startswith("-"):
        option, sign, value = argv[at].partition("=")
        if not sign:
            at += 1
            value = argv[at] if at < len(argv) else ""
        if option == "--name":
            name = value
        elif option == "--class":
            main_class = value
        at += 1
    if main_class != DRIVER:
        raise StandinError(f"--class is {main_class!r}: the stand-in plays {DRIVER} only")
    if len(argv) < at + 2:
        raise StandinError("expected a jar and a subcommand of the Driver after the options of Spark")
    return name, argv[at + 1 :]


def parse_driver(args: list[str]) -> tuple[str, dict[str, str]]:
    """The subcommand and its options, refusing what the Driver refuses."""
    options: dict[str, str] = {}
    rest = iter(args[1:])
    for arg in rest:
        if arg.startswith("-Z"):
            continue  # properties of the online implementation
        key, sign, value = arg.removeprefix("--").partition("=")
        if not arg.startswith("--") or key not in OPTIONS | FLAGS:
            raise UsageError(f"Unknown option '{arg.lstrip('-')}'")
        if key in OPTIONS and not sign:
            value = next(rest, "")
        if key in OPTIONS and not value:
            raise UsageError(f"Bad arguments for option '{key}': ''")
        options[key] = value
    return args[0], options


def checked_day(text: str) -> str:
    """A day as the Driver wants it."""
    try:
        return shift(text, 0)
    except ValueError:
        raise JobFailed(f'java.text.ParseException: Unparseable date: "{text}"') from None


def upload_metadata(folder: str) -> None:
    """Put the confs below a folder into the key-value store; one that cannot be read is counted, and the job ends well all the same."""
    count = {True: 0, False: 0}
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                confs.read_conf(os.path.join(parent, name))
                count[True] += 1
            except confs.ConfError:
                count[False] += 1
    message = f"Uploaded Chronon Configs to the KV store, success count = {count[True]}, failure count = {count[False]}"
    log.say("Driver$MetadataUploader$", 975, message)


def start_stream(name: str, conf: dict, warehouse: Warehouse, faults: Faults) -> None:
    """Submit a streaming application in cluster mode: it returns at once, and the application lives on in the store."""
    if not any(source.topic for source in confs.sources_of(conf)):
        raise JobFailed("java.util.NoSuchElementException: None.get", "scala.None$.get(Option.scala:529)")
    lives = faults.stream_life(confs.name_of(conf), warehouse.starts_of(name))
    dataset = confs.clean(confs.name_of(conf)).upper() + "_BATCH"
    if not warehouse.serves(dataset) and faults.life_without_kv() is not None:
        lives = faults.life_without_kv()
    log.say("Client", 60, "Requesting a new application from cluster with 12 NodeManagers")
    app_id = warehouse.submit_application(name, lives)
    log.say("Client", 60, f"Submitting application {app_id} to ResourceManager")
    log.say("YarnClientImpl", 338, f"Submitted application {app_id}")
    report = f"""Application report for {app_id} (state: ACCEPTED)
	 client token: N/A
	 diagnostics: N/A
	 ApplicationMaster host: N/A
	 start time: {int(now().timestamp() * 1000)}
	 final status: UNDEFINED
	 tracking URL: http://resourcemanager.example:8088/proxy/{app_id}/"""
    log.say("Client", 60, report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
