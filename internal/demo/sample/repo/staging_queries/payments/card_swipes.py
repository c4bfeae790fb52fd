"""Card swipes without test cards and duplicates. Everything that payments computes offline starts here."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

v1 = StagingQuery(
    query="""
    SELECT DISTINCT customer_id, card_id, merchant_id, amount, currency, ts, ds
    FROM data.card_swipes_raw
    WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}' AND NOT is_test_card
    """,
    startPartition="2026-10-01",
    metaData=MetaData(
        dependencies=["data.card_swipes_raw/ds={{ ds }}"],
        customJson='{"additional_args": ["--step-days=15"]}',
    ),
)
