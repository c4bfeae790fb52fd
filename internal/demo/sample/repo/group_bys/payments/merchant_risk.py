"""Risk scores of merchants, bought from outside. They land a day late, hence the lag."""

from ai.chronon.api.ttypes import EntitySource, Source
from ai.chronon.group_by import GroupBy
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        entities=EntitySource(
            snapshotTable="data.merchant_risk_scores",
            query=Query(selects=select("merchant_id", "risk_score"), start_partition="2026-10-01"),
        )
    ),
    keys=["merchant_id"],
    aggregations=None,
    online=True,
    lag=1,
)
