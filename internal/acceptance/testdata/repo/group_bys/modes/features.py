"""A stream, and a snapshot that stays a day behind its run, uploaded and front-filled."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

SUM = Aggregation("amount", Operation.SUM, [Window(1, TimeUnit.DAYS)])

stream = GroupBy(
    sources=Source(
        events=EventSource(
            table="raw.purchases_live",
            topic="events.purchases",
            query=Query(selects=select("user_id", "amount"), start_partition="2024-01-01", time_column="ts"),
        )
    ),
    keys=["user_id"],
    aggregations=[SUM],
    accuracy=Accuracy.TEMPORAL,
    online=True,
    env={"streaming": {"PARALLELISM": "32"}},
    additional_args=["--step-days=7"],
)

snapshot = GroupBy(
    sources=Source(
        events=EventSource(
            table="raw.purchases_late/region=eu",
            query=Query(selects=select("user_id", "amount"), start_partition="2024-01-01", time_column="ts"),
        )
    ),
    keys=["user_id"],
    aggregations=[SUM],
    accuracy=Accuracy.SNAPSHOT,
    backfill_start_date="2024-01-01",
    online=True,
    lag=1,
)
