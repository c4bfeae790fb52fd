"""What generated Chronon DAG files run on.

A generated file describes its DAGs with the classes of `definitions` and hands them to `register`. From there on:

* `build` turns each description into an Airflow DAG, the same on Airflow 2.6 and on 3.x;
* `job`, `wait`, `kv_load`, `stream` and `comparison` are the operators. Each of them is thin: it asks Airflow for the day of its
  run, lets a pure module decide, does what was decided, and publishes what it found as XCom (see README.md);
* `joblog`, `keep_alive`, `consistency`, `calendar_rules`, `run_options` and `rendering` are the pure modules. They import no Airflow;
* `presence` looks for partitions, `process` runs programs so that nothing of them outlives the task, `runner` has an operator of the
  project run them elsewhere;
* `readers` reads the results of comparisons, with `spark_rows`, a Spark job of its own, as one of three ways;
* `compat` is the only module that imports Airflow.
"""

from .build import register
from .definitions import (
    Bundled,
    Consistency,
    Dag,
    Ds,
    Gathered,
    Job,
    KvLoad,
    KvLoader,
    Partition,
    Sensor,
    Settings,
    Streaming,
    Summary,
    Wait,
)

__all__ = [
    "Bundled",
    "Consistency",
    "Dag",
    "Ds",
    "Gathered",
    "Job",
    "KvLoad",
    "KvLoader",
    "Partition",
    "Sensor",
    "Settings",
    "Streaming",
    "Summary",
    "Wait",
    "register",
]
