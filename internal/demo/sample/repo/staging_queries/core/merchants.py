"""The merchant registry changes rarely, so it is copied once a week."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

weekly = StagingQuery(
    query="""
    SELECT merchant_id, legal_name, category, country, ds
    FROM data.merchant_registry
    WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}' AND closed_at IS NULL
    """,
    startPartition="2026-10-01",
    metaData=MetaData(
        dependencies=["data.merchant_registry/ds={{ ds }}"],
        offlineSchedule="@weekly",
    ),
)
