"""Spending of a card within the last hours. Temporal: batch for the past, a stream for today."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        events=EventSource(
            table="data.card_swipes_raw",
            topic="events.card_swipes",
            query=Query(
                selects=select("card_id", "amount"),
                wheres=["NOT is_test_card"],
                start_partition="2026-10-01",
                time_column="ts",
            ),
        )
    ),
    keys=["card_id"],
    aggregations=[
        Aggregation("amount", Operation.SUM, [Window(1, TimeUnit.HOURS), Window(1, TimeUnit.DAYS)]),
        Aggregation("amount", Operation.COUNT, [Window(1, TimeUnit.HOURS)]),
    ],
    accuracy=Accuracy.TEMPORAL,
    online=True,
    env={"streaming": {"PARALLELISM": "32"}},
)
