"""How fast risky checkouts of a customer follow each other. Chained: its source is the checkout join itself."""

from ai.chronon.api.ttypes import JoinSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select
from joins.payments import checkout

v1 = GroupBy(
    sources=Source(
        joinSource=JoinSource(
            join=checkout.v1,
            query=Query(
                selects=select("customer_id", risky_amount="IF(payments_merchant_risk_v1_risk_score > 0.8, amount, 0)"),
                start_partition="2026-10-10",
                time_column="ts",
            ),
        )
    ),
    keys=["customer_id"],
    aggregations=[Aggregation("risky_amount", Operation.SUM, [Window(1, TimeUnit.DAYS)])],
    accuracy=Accuracy.TEMPORAL,
    online=True,
)
