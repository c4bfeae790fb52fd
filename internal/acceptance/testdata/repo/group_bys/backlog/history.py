"""What a training set takes from earlier orders; it exists inside of its join alone."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        events=EventSource(
            table="raw.orders",
            query=Query(selects=select("user_id", "amount"), start_partition="2024-01-01", time_column="ts"),
        )
    ),
    keys=["user_id"],
    aggregations=[Aggregation("amount", Operation.SUM, [Window(7, TimeUnit.DAYS)])],
    accuracy=Accuracy.SNAPSHOT,
    online=False,
)
