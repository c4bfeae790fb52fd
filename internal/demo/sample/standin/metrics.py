"""Rows of T_consistency: what a comparison of served and recomputed values measured in each hour.

The columns are those of a real table (Chronon's CompareMetrics): every feature has counts of nulls on either side and of
values that differ; numbers have an error and quantiles too, lists have edit distances and lengths. Left is the offline
recomputation, right is the online log. The numbers come from a generator seeded with join, feature and hour: the same day
measures the same, whoever computes it and however often.
"""

from __future__ import annotations

import math
import random
import zlib
from datetime import datetime, timezone
from typing import Any, Iterator, Mapping

import confs
from faults import Faults

QUANTILES = 42  # of each percentile column: 0/41 ... 41/41
NUMBERS = ("double", "float", "bigint", "int")

# Healthy features differ a little too: rows that were served while a stream caught up, keys that arrived late.
HEALTHY_MISMATCH = (0.0, 0.0005, 0.001, 0.002)
HEALTHY_MISSING = 0.004
NULL_ON_BOTH_SIDES = 0.02


def consistency_rows(join: Mapping, day: str, sample_percent: float, faults: Faults) -> Iterator[dict[str, Any]]:
    """The rows of one day, in the order of time; an hour without requests has none."""
    midnight = int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp() * 1000)
    name, features = confs.name_of(join), confs.features_of(join)
    for hour in range(24):
        ts = midnight + hour * 3_600_000
        generator = random.Random(f"{name}|{ts}")
        # Few requests in the night, most in the evening: about a thousand a day.
        total = round(42 * (1 - 0.9 * math.cos((hour - 4) / 24 * 2 * math.pi)) * generator.uniform(0.85, 1.15))
        if total == 0:
            continue
        matched = _draw(generator, total, sample_percent / 100)
        row: dict[str, Any] = {"JoinPath": confs.team_path(join)}
        for feature, kind in features.items():
            planted = faults.feature(name, feature)
            row.update(_feature(random.Random(f"{name}|{feature}|{ts}"), feature, kind, total, matched, planted))
        row.update(ts=ts, ds=day)
        yield row


def _feature(
    generator: random.Random, feature: str, kind: str, total: int, matched: int, planted: Mapping[str, float]
) -> dict[str, Any]:
    """The columns of one feature. Rows of the log that were not drawn for the comparison count as null on the left."""
    seed = zlib.crc32(feature.encode())
    both = _draw(generator, matched, NULL_ON_BOTH_SIDES)
    right = _draw(generator, matched - both, planted.get("missing_online", HEALTHY_MISSING))
    compared = matched - both - right
    mismatch = _draw(generator, compared, planted.get("mismatch", HEALTHY_MISMATCH[seed % len(HEALTHY_MISMATCH)]))
    columns: dict[str, Any] = {"both_null_sum": both, "left_null_sum": total - matched, "right_null_sum": right}
    if kind in NUMBERS:
        mean = 5 + seed % 400
        offline = _quantiles(mean * generator.uniform(0.9, 1.1), whole=kind != "double")
        drift = 1 - 0.3 * mismatch / compared if compared else 1.0
        columns["smape_average"] = round(mismatch * generator.uniform(0.2, 0.6) / total, 6)
        columns["left_minus_right_approx_percentile"] = _differences(mean, mismatch, compared)
        columns["left_approx_percentile"] = offline
        columns["right_approx_percentile"] = [round(value * drift, 2) for value in offline]
    elif kind.startswith("array"):
        edits = [0.0] * QUANTILES if not mismatch else [0.0] * (QUANTILES - 1) + [1.0]
        lengths = [float(min(3, 1 + at // 10)) for at in range(QUANTILES)]
        columns["edit_distance_insert_approx_percentile"] = edits
        columns["edit_distance_delete_approx_percentile"] = [0.0] * QUANTILES
        columns["left_length_approx_percentile"] = lengths
        columns["right_length_approx_percentile"] = lengths
        columns["mismatch_length_sum"] = mismatch // 2
    columns["mismatch_sum"] = mismatch
    columns["total_count"] = total
    return {f"{feature}_{metric}": value for metric, value in columns.items()}


def _draw(generator: random.Random, count: int, rate: float) -> int:
    """How many of so many rows fall into a share."""
    if rate >= 1:
        return count
    return sum(generator.random() < rate for _ in range(count))


def _quantiles(mean: float, whole: bool) -> list[float]:
    """Quantiles of a long-tailed quantity with this mean."""
    values = (-mean * math.log(1 - at / (QUANTILES - 1) * 0.995) for at in range(QUANTILES))
    return [float(round(value)) if whole else round(value, 2) for value in values]


def _differences(mean: float, mismatch: int, compared: int) -> list[float]:
    """Quantiles of the difference: zero but for the share of rows that differ, which lie at the upper end."""
    share = mismatch / compared if compared else 0.0
    return [round(mean * 0.3 * at, 2) if at / (QUANTILES - 1) > 1 - share else 0.0 for at in range(QUANTILES)]
