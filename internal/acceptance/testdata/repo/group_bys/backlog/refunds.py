"""The label of the training set; it exists inside of its join alone."""

from ai.chronon.api.ttypes import EntitySource, Source
from ai.chronon.group_by import GroupBy
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        entities=EntitySource(
            snapshotTable="raw.orders",
            query=Query(selects=select("order_id", "is_refund"), start_partition="2024-01-01"),
        )
    ),
    keys=["order_id"],
    aggregations=None,
    online=False,
)
