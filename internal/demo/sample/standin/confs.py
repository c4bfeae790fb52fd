"""Reading a compiled conf the way Chronon's Driver does: its tables, its sources, and the columns that come out of it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from settings import load_json
from warehouse import table_of

SNAPSHOT = 1  # Accuracy of Chronon's api.thrift; TEMPORAL is 0

# Operation of api.thrift: number to the name that ends up in a column, and the type of the result (None: that of its input).
OPERATIONS = {
    0: ("min", None), 1: ("max", None), 2: ("first", None), 3: ("last", None),
    4: ("unique_count", "bigint"), 5: ("approx_unique_count", "bigint"), 6: ("count", "bigint"), 7: ("sum", None),
    8: ("average", "double"), 9: ("variance", "double"), 10: ("skew", "double"), 11: ("kurtosis", "double"),
    12: ("approx_percentile", "array<double>"), 13: ("last_k", "array<string>"), 14: ("first_k", "array<string>"),
    15: ("top_k", "array<string>"), 16: ("bottom_k", "array<string>"), 17: ("histogram", "map<string,bigint>"),
    18: ("approx_histogram", "map<string,bigint>"), 19: ("bounded_unique_count", "bigint"),
}  # fmt: skip


class ConfError(Exception):
    """The conf cannot be read, which a real Driver ends with an exception too."""


@dataclass(frozen=True)
class Source:
    """One source of a conf: its table (without sub-partitions), the kind of its rows, and the days that it covers."""

    table: str
    model: str  # Events or Entities, as the Driver prints it
    query: Mapping[str, Any]
    topic: str

    @property
    def start(self) -> Optional[str]:
        return self.query.get("startPartition")

    @property
    def end(self) -> Optional[str]:
        return self.query.get("endPartition")

    @property
    def time_column(self) -> Optional[str]:
        return self.query.get("timeColumn")


def clean(name: str) -> str:
    """A conf name as part of a table name (cleanName in Chronon's Extensions.scala)."""
    return re.sub("[^a-zA-Z0-9_]", "_", name)


def read_conf(path: str) -> dict[str, Any]:
    """The conf at this path."""
    try:
        with open(path, encoding="utf-8") as file:
            conf = json.load(file)
        name_of(conf)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfError(f"Failed to parse conf at {path}: {error}") from None
    return conf


def name_of(conf: Mapping[str, Any]) -> str:
    """The full name, "team.file.variable"."""
    return conf["metaData"]["name"]


def team_path(conf: Mapping[str, Any]) -> str:
    """The name as the log and the metrics have it, "team/file.variable"."""
    return name_of(conf).replace(".", "/", 1)


def output_table(conf: Mapping[str, Any]) -> str:
    """The table that the main job of the conf writes."""
    meta = conf["metaData"]
    return f"{meta.get('outputNamespace', 'default')}.{clean(meta['name'])}"


def filled_table(join: Mapping[str, Any]) -> str:
    """The table that a join's backfill writes: models stand between it and the join's own (JoinBase.scala)."""
    return output_table(join) + ("_pre_mt" if join.get("modelTransforms") else "")


def custom(conf: Mapping[str, Any]) -> dict[str, Any]:
    """What metaData.customJson holds, which is JSON inside a string."""
    return json.loads(conf["metaData"].get("customJson") or "{}")


def source_of(raw: Mapping[str, Any]) -> Source:
    """A source of a GroupBy, or the left side of a join; a chained source reads the table of its join."""
    if raw.get("events"):
        events = raw["events"]
        return Source(table_of(events["table"]), "Events", events["query"], events.get("topic", ""))
    if raw.get("entities"):
        entities = raw["entities"]
        return Source(
            table_of(entities["snapshotTable"]), "Entities", entities["query"], entities.get("mutationTopic", "")
        )
    chained = raw["joinSource"]
    parent = source_of(chained["join"]["left"])
    return Source(output_table(chained["join"]), parent.model, chained["query"], parent.topic)


def sources_of(group_by: Mapping[str, Any]) -> list[Source]:
    """All sources of a GroupBy."""
    return [source_of(raw) for raw in group_by["sources"]]


def is_temporal(group_by: Mapping[str, Any]) -> bool:
    """The accuracy of a GroupBy, inferred from a topic where the conf does not say it (Extensions.inferredAccuracy)."""
    accuracy = group_by.get("accuracy")
    if accuracy is None:
        return any(source.topic for source in sources_of(group_by))
    return accuracy != SNAPSHOT


def part_prefix(part: Mapping[str, Any]) -> str:
    """What stands before each column of a join part, and after the join in the name of the part's table."""
    names = [part.get("prefix"), clean(name_of(part["groupBy"]))]
    return "_".join(name for name in names if name)


def columns_of(group_by: Mapping[str, Any]) -> dict[str, str]:
    """The value columns of a GroupBy with their types, in the order of the conf."""
    types = load_json("CHRONON_STANDIN_CATALOG", "catalog.json").get("column_types", {})
    if not group_by.get("aggregations"):
        selected = sources_of(group_by)[0].query.get("selects") or {}
        return {name: types.get(name, "string") for name in selected if name not in group_by["keyColumns"]}
    columns = {}
    for aggregation in group_by["aggregations"]:
        name, result = OPERATIONS[aggregation["operation"]]
        if name.endswith("_k"):
            name = name[:-2] + aggregation.get("argMap", {}).get("k", "")
        base = f"{aggregation['inputColumn']}_{name}"
        kind = result or types.get(aggregation["inputColumn"], "string")
        for window in aggregation.get("windows") or [None]:
            columns[base + _window(window)] = kind
    return columns


def features_of(join: Mapping[str, Any]) -> dict[str, str]:
    """The feature columns of a join with their types."""
    return {
        f"{part_prefix(part)}_{column}": kind
        for part in join.get("joinParts", [])
        for column, kind in columns_of(part["groupBy"]).items()
    }


def semantic_hashes(join: Mapping[str, Any], table: str) -> dict[str, str]:
    """A short hash for each piece of a join that changes what the table holds; metadata and topics do not count."""
    pieces = {f"{table}_{part_prefix(part)}": _without(part, "metaData", "topic") for part in join.get("joinParts", [])}
    pieces["left_source"] = _without(join["left"], "metaData", "topic")
    pieces[f"{table}_bootstrap"] = join.get("bootstrapParts", [])
    return {name: _digest(piece) for name, piece in sorted(pieces.items())}


def _window(window: Optional[Mapping[str, int]]) -> str:
    if window is None:
        return ""
    return f"_{window['length']}{'hd'[window['timeUnit']]}"


def _without(value: Any, *keys: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, *keys) for key, inner in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(inner, *keys) for inner in value]
    return value


def _digest(value: Any) -> str:
    return hashlib.md5(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]
