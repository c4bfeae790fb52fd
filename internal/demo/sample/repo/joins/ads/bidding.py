"""The training set of the bidding model, built from tables of three teams."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
from group_bys.ads import impressions
from group_bys.core import customer_profile

v1 = Join(
    left=Source(
        events=EventSource(
            table="data.ad_auctions",
            query=Query(
                selects=select("auction_id", "campaign_id", bidder="customer_id"),
                start_partition="2026-10-15",
                time_column="ts",
            ),
        )
    ),
    right_parts=[
        JoinPart(group_by=impressions.v1),
        JoinPart(group_by=customer_profile.v1, key_mapping={"bidder": "customer_id"}, prefix="bidder"),
    ],
    online=False,
    env={"backfill": {"PARALLELISM": "50"}},
)
