"""Clicks on a listing. The old tracker was switched off; its last days and the new tracker's topic make one history."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

OLD_TRACKER = Source(
    events=EventSource(
        table="data.clicks_legacy",
        query=Query(
            selects=select("listing_id", dwell_seconds="dwell_ms / 1000"),
            start_partition="2026-10-01",
            end_partition="2026-10-20",
            time_column="ts",
        ),
    )
)
NEW_TRACKER = Source(
    events=EventSource(
        table="data.clicks/site=main",
        topic="events.clicks/host=kafka.marketplace.example/port=9092",
        query=Query(
            selects=select("listing_id", "dwell_seconds"),
            start_partition="2026-10-21",
            time_column="ts",
        ),
    )
)

v1 = GroupBy(
    sources=[OLD_TRACKER, NEW_TRACKER],
    keys=["listing_id"],
    aggregations=[
        Aggregation("dwell_seconds", Operation.AVERAGE, [Window(6, TimeUnit.HOURS), Window(7, TimeUnit.DAYS)]),
        Aggregation("dwell_seconds", Operation.COUNT, [Window(1, TimeUnit.DAYS)]),
    ],
    accuracy=Accuracy.TEMPORAL,
    online=True,
)
