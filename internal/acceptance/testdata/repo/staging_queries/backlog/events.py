"""Two tables of the same events: one whose jobs fill what is missing, and one whose jobs compute their own day only."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

QUERY = "SELECT user_id, amount, ts, ds FROM raw.events WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"

filled = StagingQuery(
    query=QUERY,
    startPartition="2024-01-01",
    metaData=MetaData(dependencies=["raw.events/ds={{ ds }}"]),
)

one_day = StagingQuery(
    query=QUERY,
    startPartition="2024-01-01",
    metaData=MetaData(dependencies=["raw.events/ds={{ ds }}"], historicalBackfill=False),
)
