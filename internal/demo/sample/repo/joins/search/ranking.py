"""The features of the ranking model. Its training set is bootstrapped from what was logged while serving a tenth of the traffic."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
from ai.chronon.utils import get_staging_query_output_table_name
from group_bys.core import customer_profile
from group_bys.search import listing_clicks, listing_stock
from staging_queries.search import sessions

v1 = Join(
    left=Source(
        events=EventSource(
            table="search." + get_staging_query_output_table_name(sessions.v1),
            query=Query(
                selects=select("session_id", "customer_id", "listing_id"),
                start_partition="2026-10-21",
                time_column="ts",
            ),
        )
    ),
    right_parts=[
        JoinPart(group_by=listing_clicks.v1),
        JoinPart(group_by=listing_stock.v1),
        JoinPart(group_by=customer_profile.v1),
    ],
    online=True,
    sample_percent=10.0,
    bootstrap_from_log=True,
    row_ids=["session_id"],
)
