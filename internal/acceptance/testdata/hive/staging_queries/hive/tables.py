"""Two staging queries: one over a table that exists, and one over a table whose name has a mistake."""

from ai.chronon.api.ttypes import MetaData, StagingQuery

exists = StagingQuery(
    query="SELECT * FROM raw.visits WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'",
    startPartition="2024-01-01",
    metaData=MetaData(dependencies=["raw.visits/ds={{ ds }}/hr=23"]),
)

mistyped = StagingQuery(
    query="SELECT * FROM raw.vists WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'",
    startPartition="2024-01-01",
    metaData=MetaData(dependencies=["raw.vists/ds={{ ds }}"]),
)
