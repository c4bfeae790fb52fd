"""A small Spark job that prints what T_consistency counted: `spark-submit spark_rows.py TABLE FIRST LAST`.

It prints a line a day, and a line for each hour of the last one, with `ts`, the start of the hour, where the table has it.

It is a program of its own and imports nothing of this package, because spark-submit copies it away alone. Lines that are rows begin with MARK;
the last of them is an empty row, which tells a table without rows from a job whose output went elsewhere.
"""

from __future__ import annotations

import json
import sys

MARK = "chronon_consistency_row "

COUNTS = ("_both_null_sum", "_left_null_sum", "_right_null_sum", "_mismatch_sum", "_total_count")
SMAPE = "_smape_average"


def is_wanted(column):
    """Tell whether the column is the day, the hour, or a count that a rate is made of."""
    return column in ("ds", "ts") or column.endswith(COUNTS) or column.endswith(SMAPE)


def added_up(columns, rows, last):
    """Add up the hours of each day but the last: counts as they are, averages weighted by the rows that they are over."""
    place = {column: number for number, column in enumerate(columns)}
    totals = {column: place.get(column[: -len(SMAPE)] + "_total_count") for column in columns if column.endswith(SMAPE)}
    sums = {}
    for row in rows:
        day = str(row[place["ds"]])
        hour = row[place["ts"]] if "ts" in place and day == last else None
        of = sums.setdefault((day, hour), {"ds": day} if hour is None else {"ds": day, "ts": hour})
        for column, number in place.items():
            value = row[number]
            if column in ("ds", "ts") or value is None:
                continue
            if column in totals:
                weight = row[totals[column]] if totals[column] is not None else None
                value = value * (weight or 0)
            of[column] = of.get(column, 0) + value
    for of in sums.values():
        for column in totals:
            total = of.get(column[: -len(SMAPE)] + "_total_count") or 0
            if column in of:
                of[column] = of[column] / total if total else None
    return [sums[key] for key in sorted(sums, key=str)]


def query(table, columns, first, last):
    """Return the whole question as one text: an expression for each of the columns would be a call into the JVM each."""
    names = ", ".join("`%s`" % column.replace("`", "``") for column in columns)
    return "SELECT %s FROM %s WHERE ds BETWEEN '%s' AND '%s'" % (names, table, first, last)


def main(table, first, last):
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("chronon_consistency_reader").enableHiveSupport().getOrCreate()
    columns = [column for column in spark.table(table).columns if is_wanted(column)]
    rows = spark.sql(query(table, columns, first, last)).collect()
    for counts in added_up(columns, rows, last):
        print(MARK + json.dumps(counts))
    print(MARK + json.dumps({"ds": ""}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
