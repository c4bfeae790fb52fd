"""Let Airflow read DAG files as its DAG processor and its workers do, and print as JSON what it found and what that cost.

    read.py import FOLDER
    read.py start FILE DAG_ID TASK_ID SAMPLES

The answer is the last line of standard output; Airflow may log before it. Times are CPU seconds, without the import of Airflow itself.
"""

import json
import os
import statistics
import sys
import time
import warnings

import airflow

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # before 3.2
    from airflow.models.dagbag import DagBag

from airflow.serialization import serialized_objects

try:
    from airflow.sdk import DAG
except ImportError:
    from airflow.models.dag import DAG


def serialized(dag):
    """Return how many bytes of JSON the DAG is in Airflow's database."""
    to_dict = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG).to_dict
    return len(json.dumps(to_dict(dag)).encode())


def import_all(folder):
    """Read a folder whole."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        began = time.process_time()
        bag = DagBag(folder)
        seconds = time.process_time() - began
    within = os.path.join(os.path.realpath(folder), "")
    return {
        "airflow": airflow.__version__,
        "cpu": seconds,
        "errors": {os.path.relpath(file, folder): text for file, text in bag.import_errors.items()},
        "warnings": [
            f"{w.category.__name__} at {w.filename}:{w.lineno}: {w.message}"
            for w in caught
            if os.path.realpath(w.filename).startswith(within)
        ],
        "dags": {
            dag.dag_id: {
                "file": os.path.relpath(dag.fileloc, folder),
                "tasks": len(dag.tasks),
                "serialized": serialized(dag),
            }
            for dag in bag.dags.values()
        },
    }


def start_once(file, dag_id, task_id):
    """Read the file as a worker does that is about to run the task, in this process."""
    # Both lines of Airflow hand the parsing context to the file in these variables.
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = dag_id
    os.environ["_AIRFLOW_PARSING_CONTEXT_TASK_ID"] = task_id
    built = []
    construct = DAG.__init__

    def counted(dag, *args, **kwargs):
        built.append(dag)
        construct(dag, *args, **kwargs)

    DAG.__init__ = counted
    began = time.process_time()
    bag = DagBag(file, safe_mode=False)
    seconds = time.process_time() - began
    bag.dags[dag_id].get_task(task_id)
    return {"cpu": seconds, "built": len(built)}


def in_child(function, *args):
    """Run a function in a fork, which has imported Airflow and nothing of the DAG folder, like the process of a task."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as out:
                json.dump(function(*args), out)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit(f"the task cannot be started from {args[0]}")
    return json.loads(text)


def start(file, dag_id, task_id, samples):
    """Read the file for a task several times, each in a process of its own, and take the median."""
    runs = [in_child(start_once, file, dag_id, task_id) for _ in range(int(samples))]
    return {"cpu": statistics.median(run["cpu"] for run in runs), "built": max(run["built"] for run in runs)}


if __name__ == "__main__":
    answer = {"import": import_all, "start": start}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer))
