"""Spending of a card over whole days. Computed from the cleaned swipes, uploaded each day and front-filled into Hive."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select
from ai.chronon.utils import get_staging_query_output_table_name
from staging_queries.payments import card_swipes

v1 = GroupBy(
    sources=Source(
        events=EventSource(
            table="payments." + get_staging_query_output_table_name(card_swipes.v1),
            query=Query(
                selects=select("card_id", "amount", "merchant_id"),
                start_partition="2026-10-01",
                time_column="ts",
            ),
        )
    ),
    keys=["card_id"],
    aggregations=[
        Aggregation("amount", Operation.SUM, [Window(7, TimeUnit.DAYS), Window(30, TimeUnit.DAYS)]),
        Aggregation("merchant_id", Operation.LAST_K(3)),
    ],
    accuracy=Accuracy.SNAPSHOT,
    online=True,
    backfill_start_date="2026-10-10",
)
