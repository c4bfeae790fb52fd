"""Stock and price of a listing, kept fresh by a stream of changes (mutations) of the shop database."""

from ai.chronon.api.ttypes import EntitySource, Source
from ai.chronon.group_by import Accuracy, Aggregation, GroupBy, Operation
from ai.chronon.query import Query, select

v1 = GroupBy(
    sources=Source(
        entities=EntitySource(
            snapshotTable="data.listings_snapshot",
            mutationTable="data.listings_mutations/hr=00",
            mutationTopic="mutations.listings",
            query=Query(
                selects=select("listing_id", "stock", "price"),
                start_partition="2026-10-15",
                time_column="updated_at",
                mutation_time_column="mutation_ts",
                reversal_column="is_before",
            ),
        )
    ),
    keys=["listing_id"],
    aggregations=[Aggregation("stock", Operation.LAST), Aggregation("price", Operation.LAST)],
    accuracy=Accuracy.TEMPORAL,
    online=True,
)
