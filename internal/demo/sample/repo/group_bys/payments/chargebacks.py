"""Chargebacks that became known for a checkout: the label of the training set. Used offline and inside one join only."""

from ai.chronon.api.ttypes import EntitySource, Source
from ai.chronon.group_by import GroupBy
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        entities=EntitySource(
            snapshotTable="data.chargebacks",
            query=Query(selects=select("checkout_id", "is_chargeback"), start_partition="2026-10-01"),
        )
    ),
    keys=["checkout_id"],
    aggregations=None,
    online=False,
)
