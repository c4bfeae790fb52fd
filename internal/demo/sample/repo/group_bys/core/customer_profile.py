"""What is known of a customer at the end of a day. Entities without aggregations: the newest row is the value."""

from ai.chronon.api.ttypes import EntitySource, Source
from ai.chronon.group_by import GroupBy
from ai.chronon.query import Query, select
from ai.chronon.utils import get_staging_query_output_table_name
from staging_queries.core import customers

v1 = GroupBy(
    sources=Source(
        entities=EntitySource(
            snapshotTable="core." + get_staging_query_output_table_name(customers.v1),
            query=Query(
                selects=select("customer_id", "country", "city", is_business="CAST(is_business AS INT)"),
                start_partition="2026-10-01",
            ),
        )
    ),
    keys=["customer_id"],
    aggregations=None,
    online=True,
    description="Country, city and kind of a customer",
)
