"""One row per customer and day: sign-ups with the newest address of each."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

v1 = StagingQuery(
    query="""
    SELECT s.customer_id, s.signed_up_at AS ts, a.country, a.city, s.is_business, s.ds
    FROM data.signups s
    LEFT JOIN data.addresses a ON s.customer_id = a.customer_id AND s.ds = a.ds
    WHERE s.ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'
    """,
    startPartition="2026-10-01",
    metaData=MetaData(
        dependencies=["data.signups/ds={{ ds }}", "data.addresses/ds={{ ds }}"],
        description="Customers with their newest address",
    ),
)
