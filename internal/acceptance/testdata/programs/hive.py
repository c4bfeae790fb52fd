"""Writes tables and partitions of a Hive metastore, as jobs do.

    hive.py HOST:PORT create DATABASE.TABLE COLUMN...      a table partitioned by these columns, which has no partition yet
    hive.py HOST:PORT land DATABASE.TABLE VALUE...         a partition of it
    hive.py HOST:PORT submit ... --conf-path=CONF --end-date=DAY
                                                           play spark-submit for a staging query: write its table's partition of the day
"""

import json
import re
import sys

from hmsclient import hmsclient
from hmsclient.genthrift.hive_metastore import ThriftHiveMetastore, ttypes


def storage():
    serde = ttypes.SerDeInfo(name="s", serializationLib="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", parameters={})
    return ttypes.StorageDescriptor(
        cols=[ttypes.FieldSchema("a", "string", "")], location=None, inputFormat="org.apache.hadoop.mapred.TextInputFormat",
        outputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", serdeInfo=serde, numBuckets=-1,
        bucketCols=[], sortCols=[], parameters={}, compressed=False,
    )  # fmt: skip


def create(client, name, *columns):
    database, table = name.split(".")
    try:
        client.create_database(ttypes.Database(name=database, parameters={}))
    except ttypes.AlreadyExistsException:
        pass
    keys = [ttypes.FieldSchema(column, "string", "") for column in columns]
    client.create_table(ttypes.Table(tableName=table, dbName=database, owner="test", sd=storage(), partitionKeys=keys, parameters={}))


def land(client, name, *values):
    database, table = name.split(".")
    partition = ttypes.Partition(values=list(values), dbName=database, tableName=table, sd=storage(), parameters={})
    # hmsclient has a method of the same name for something else.
    ThriftHiveMetastore.Client.add_partition(client, partition)


def submit(client, *argv):
    options = dict(arg[2:].split("=", 1) for arg in argv if arg.startswith("--") and "=" in arg)
    with open(options["conf-path"], encoding="utf-8") as file:
        meta = json.load(file)["metaData"]
    name = meta["outputNamespace"] + "." + re.sub(r"\W", "_", meta["name"])
    create(client, name, "ds")
    land(client, name, options["end-date"])
    print(f"Wrote {name}/ds={options['end-date']}")


if __name__ == "__main__":
    host, port = sys.argv[1].split(":")
    with hmsclient.HMSClient(host=host, port=int(port)) as opened:
        {"create": create, "land": land, "submit": submit}[sys.argv[2]](opened, *sys.argv[3:])
