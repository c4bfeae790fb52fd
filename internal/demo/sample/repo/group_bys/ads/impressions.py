"""Impressions of a campaign per day. Offline only: it exists as a table, never in the key-value store."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        events=EventSource(
            table="data.ad_impressions",
            query=Query(
                selects=select("campaign_id", "cost", customer="customer_id"),
                start_partition="2026-10-01",
                time_column="ts",
                partition_column="day",
            ),
        )
    ),
    keys=["campaign_id"],
    aggregations=[
        Aggregation("cost", Operation.SUM, [Window(1, TimeUnit.DAYS), Window(14, TimeUnit.DAYS)]),
        Aggregation("customer", Operation.APPROX_UNIQUE_COUNT, [Window(14, TimeUnit.DAYS)]),
    ],
    accuracy=Accuracy.SNAPSHOT,
    backfill_start_date="2026-10-15",
)
