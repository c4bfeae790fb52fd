"""The features of the fraud model. Served online, logged in full, and checked every day against what batch would have said."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart
from ai.chronon.query import Query, select
from group_bys.core import customer_profile
from group_bys.payments import card_spend, card_stream, merchant_risk

CHECKOUTS = Source(
    events=EventSource(
        table="data.checkouts",
        topic="events.checkouts",
        query=Query(
            selects=select("checkout_id", "customer_id", "card_id", "merchant_id", "amount"),
            start_partition="2026-10-10",
            time_column="ts",
        ),
    )
)

v1 = Join(
    left=CHECKOUTS,
    right_parts=[
        JoinPart(group_by=card_spend.v1),
        JoinPart(group_by=card_stream.v1),
        JoinPart(group_by=merchant_risk.v1),
        JoinPart(group_by=customer_profile.v1),
    ],
    online=True,
    sample_percent=100.0,
    check_consistency=True,
    consistency_sample_percent=100.0,
    row_ids=["checkout_id", "ts"],
    description="Features of the fraud model at checkout",
)
