"""A training set whose days can be filled by any later day, and its labels, of which each day is a version of its own."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart, LabelPart
from ai.chronon.query import Query, select
from group_bys.backlog import history, refunds

v1 = Join(
    left=Source(
        events=EventSource(
            table="raw.orders",
            query=Query(selects=select("order_id", "user_id"), start_partition="2024-01-01", time_column="ts"),
        )
    ),
    right_parts=[JoinPart(group_by=history.v1)],
    label_part=LabelPart(labels=[JoinPart(group_by=refunds.v1)], left_start_offset=3, left_end_offset=1),
    row_ids=["order_id"],
)
