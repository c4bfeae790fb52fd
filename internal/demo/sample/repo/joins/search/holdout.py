"""A frozen evaluation set. It was computed once and must not move: no schedule."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
from group_bys.search import listing_clicks

v1 = Join(
    left=Source(
        events=EventSource(
            table="data.search_queries",
            query=Query(
                selects=select("session_id", "listing_id"),
                start_partition="2026-10-15",
                end_partition="2026-10-31",
                time_column="ts",
            ),
        )
    ),
    right_parts=[JoinPart(group_by=listing_clicks.v1)],
    online=False,
    offline_schedule="@never",
)
