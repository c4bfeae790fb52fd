"""The training set of the fraud model: checkouts with features, and the chargebacks that came in up to two weeks later."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import Join, JoinPart, LabelPart
from ai.chronon.query import Query, select
from group_bys.payments import card_spend, chargebacks

v1 = Join(
    left=Source(
        events=EventSource(
            table="data.checkouts",
            query=Query(
                selects=select("checkout_id", "card_id"),
                start_partition="2026-10-10",
                time_column="ts",
            ),
        )
    ),
    right_parts=[JoinPart(group_by=card_spend.v1)],
    label_part=LabelPart(
        labels=[JoinPart(group_by=chargebacks.v1)],
        left_start_offset=14,
        left_end_offset=7,
        label_offline_schedule="@daily",
    ),
    row_ids=["checkout_id"],
    online=False,
)
