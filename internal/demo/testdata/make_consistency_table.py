"""Makes a table as Chronon's ConsistencyJob leaves it for a join of a thousand features: spark-submit make_consistency_table.py FOLDER TABLE.

A row for each hour of fourteen days, in partitions by day; the columns of a number, a text and a list are those of CompareMetrics.scala. Feature N
of an hour has 100 rows, of which 90 have a value on both sides, and N % 40 of them differ; on the last day twice as many.
"""

import os
import sys

import pyarrow
import pyarrow.parquet
from pyspark.sql import SparkSession

FOLDER, TABLE = sys.argv[1:]
DAYS = [f"2026-11-{day:02d}" for day in range(7, 21)]
FIRST_HOUR = 1794009600000  # the first of these days, in milliseconds
FEATURES = 1000
PERCENTILES = {
    "num": ["left_minus_right", "left", "right"],
    "text": [],
    "list": ["edit_distance_insert", "edit_distance_delete", "left_length", "right_length"],
}


def kind(number):
    return "num" if number < 500 else "text" if number < 900 else "list"


def columns(day):
    """Return the columns of a day as (name, type in SQL, type in Parquet, value of each hour)."""
    yield "JoinPath", "string", pyarrow.string(), "pay/checkout.v1"
    array = [n / 41 for n in range(42)]
    for number in range(FEATURES):
        name = f"feature_{number:04d}_{kind(number)}"
        differ = number % 40 * (2 if day == DAYS[-1] else 1)
        counts = {"both_null_sum": 5, "left_null_sum": 2, "right_null_sum": 3, "mismatch_sum": differ, "total_count": 100}
        for count, value in counts.items():
            yield f"{name}_{count}", "bigint", pyarrow.int64(), value
        if kind(number) == "num":
            yield f"{name}_smape_average", "double", pyarrow.float64(), 0.01
        for each in PERCENTILES[kind(number)]:
            yield f"{name}_{each}_approx_percentile", "array<float>", pyarrow.list_(pyarrow.float32()), array
        if kind(number) == "list":
            yield f"{name}_mismatch_length_sum", "bigint", pyarrow.int64(), 0


for number, day in enumerate(DAYS):
    listed = list(columns(day))
    values = [pyarrow.array([value] * 24, of) for _, _, of, value in listed]
    hours = pyarrow.array([FIRST_HOUR + (24 * number + hour) * 3600000 for hour in range(24)], pyarrow.int64())
    rows = pyarrow.table([*values, hours], names=[*(name for name, *_ in listed), "ts"])
    os.makedirs(f"{FOLDER}/ds={day}")
    pyarrow.parquet.write_table(rows, f"{FOLDER}/ds={day}/part-0.parquet", use_dictionary=False, write_statistics=False)

spark = SparkSession.builder.enableHiveSupport().getOrCreate()
described = ", ".join(f"`{name}` {of}" for name, of, *_ in columns(""))
spark.sql(f"CREATE DATABASE {TABLE.split('.')[0]}")
spark.sql(f"CREATE TABLE {TABLE} ({described}, ts bigint, ds string) USING parquet PARTITIONED BY (ds) LOCATION '{FOLDER}'")
spark.sql(f"MSCK REPAIR TABLE {TABLE}")
print(len(spark.table(TABLE).columns), "columns")
spark.stop()
