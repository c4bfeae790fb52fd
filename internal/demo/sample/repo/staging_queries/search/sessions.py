"""Search sessions: queries of one customer that lie less than half an hour apart."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

v1 = StagingQuery(
    query="""
    SELECT session_id, customer_id, listing_id, min(ts) AS ts, count(1) AS queries, ds
    FROM data.search_queries
    WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'
    GROUP BY session_id, customer_id, listing_id, ds
    """,
    startPartition="2026-10-15",
    setups=["CREATE TEMPORARY FUNCTION sessionize AS 'com.marketplace.hive.Sessionize'"],
    metaData=MetaData(dependencies=["data.search_queries/ds={{ ds }}"]),
)
