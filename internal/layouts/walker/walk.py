"""What the Airflow code that Chronon ships does while a DAG file is parsed, written anew to measure it.

It keeps what costs: each file reads teams.json and every conf of its type, the one of the GroupBys three times over; whole confs and team
settings become parameters of tasks; nothing asks which DAG is wanted. It mends what would keep the code from running on Airflow 2 or 3: undefined
names, positional arguments of operators, sets with >>, imports and arguments that are gone. Tasks do nothing when they run.
"""

import getpass
import json
import os
import re
from datetime import datetime, timedelta

try:
    from airflow.sdk import DAG, BaseSensorOperator
except ImportError:
    from airflow.models.dag import DAG
    from airflow.sensors.base import BaseSensorOperator
try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

VERSION = "0.0.20"


class RunPy(BashOperator):
    """A job: run.py on a shell's command line, templated by Airflow."""

    def __init__(self, *, conf_path, mode, repo, conf_type, arguments, **kwargs):
        options = " ".join(f"--{name} {value}" for name, value in arguments.items())
        self.mode, self.repo, self.conf_type, self.lag = mode, repo, conf_type, 0
        self.conf_path = os.path.join(repo, conf_path)
        self.runpy_args = f"--version={VERSION} --mode={mode} --conf={self.conf_path} {options}"
        super().__init__(
            bash_command=f"python3 run.py {self.runpy_args} ",
            env={"CHRONON_REPO_PATH": repo, "USER": getpass.getuser()},
            **kwargs,
        )


class PartitionSensor(BaseSensorOperator):
    """A wait for a Hive partition."""

    template_fields = ("partition_names",)

    def __init__(self, *, partition_names, metastore_conn_id="metastore_default", **kwargs):
        super().__init__(**kwargs)
        self.partition_names = partition_names
        self.metastore_conn_id = metastore_conn_id


class SkipSensor(BaseSensorOperator):
    """The task that looks at yesterday and tomorrow before a job."""

    def __init__(self, *, python_kwargs, **kwargs):
        super().__init__(**kwargs)
        self.python_kwargs = python_kwargs


def walk(mode, conf_type, repo, constructor, dags):
    """Read teams.json and every conf of a type, and give each that wants it a task in its DAG."""
    with open(os.path.join(repo, "teams.json")) as file:
        teams = json.load(file)
    for root, _, names in os.walk(os.path.join(repo, "production", conf_type)):
        for name in names:
            path = os.path.join(root, name)
            with open(path) as file:
                conf = json.load(file)
            if not wanted(conf, mode, conf_type):
                continue
            dag_id = dag_name(conf["metaData"], mode, conf_type)
            if dag_id not in dags:
                dags[dag_id] = constructor(dag_id, conf, teams)
            add(conf, mode, conf_type, repo, path, teams, dags[dag_id])
    return dags


def add(conf, mode, conf_type, repo, path, teams, dag):
    """Add the job of a conf, what it waits for, and the task that may skip it."""
    meta = conf["metaData"]
    job = RunPy(
        conf_path=os.path.relpath(path, repo),
        mode=mode,
        repo=repo,
        conf_type=conf_type,
        arguments={"ds": "{{ ds }}"} if conf_type in ("joins", "group_bys") else {},
        task_id=task_name(meta, mode, conf_type),
        on_success_callback=counter(conf, "success", mode),
        on_failure_callback=counter(conf, "failure", mode),
        on_retry_callback=counter(conf, "retry", mode),
        params={
            "production": bool(meta.get("production", False)),
            "name": meta["name"],
            "team": meta["team"],
            "conf_path": path,
            "conf": conf,
            "team_conf": teams.get(meta["team"]),
            "conf_type": conf_type,
        },
        dag=dag,
    )
    if mode != "streaming":
        guard(conf, mode, conf_type, dag) >> job


def guard(conf, mode, conf_type, dag):
    """Return the skip task of a conf, behind a sensor for each partition that the conf waits for."""
    sensors = []
    for dependency in dependencies(conf, mode, conf_type):
        task_id = cleaned(dependency["name"])
        if task_id not in dag.task_dict:
            end = {"params": {"end_partition": dependency["end"]}} if dependency.get("end") else {}
            PartitionSensor(
                task_id=task_id,
                partition_names=[dependency["spec"]],
                execution_timeout=timedelta(hours=48),
                retries=3,
                dag=dag,
                **end,
            )
        sensors.append(dag.task_dict[task_id])
    skip = f"custom_skip__{cleaned(conf['metaData']['name'])}"
    if skip not in dag.task_dict:
        sensors >> SkipSensor(
            task_id=skip,
            python_kwargs={"forward_days": 1, "backward_days": 1},
            poke_interval=15 * 60,
            max_active_tis_per_dag=10,
            dag=dag,
        )
    return dag.task_dict[skip]


def dependencies(conf, mode, conf_type):
    """Return what a conf waits for in a mode."""
    meta = conf["metaData"]
    if mode == "consistency-metrics-compute":
        table = f"{meta['outputNamespace']}.{re.sub('[^a-zA-Z0-9_]', '_', meta['name'])}_logged"
        return [{"name": "wf_flattened_log_table", "spec": f"{table}/ds={{{{ ds }}}}"}]
    if conf_type == "staging_queries":
        return [{"name": f"wf__{spec}", "spec": spec} for spec in meta.get("dependencies", [])]
    return [json.loads(dependency) for dependency in meta.get("dependencies", [])]


def wanted(conf, mode, conf_type):
    """Tell whether a conf gets a task in a mode."""
    meta = conf["metaData"]
    if conf_type == "group_bys" and mode == "backfill":
        return conf.get("backfillStartDate") is not None
    if conf_type == "group_bys":
        streaming = any(source.get("events", {}).get("topic") for source in conf["sources"])
        return meta.get("online", 0) == 1 and (mode == "upload" or streaming)
    if mode == "consistency-metrics-compute":
        return json.loads(meta["customJson"]).get("check_consistency") is True
    return conf_type == "staging_queries" or meta.get("offlineSchedule", "@daily") != "@never"


def cleaned(name):
    """Make a task id of a name, without the parts that hold a time."""
    parts = [part for part in name.split("/") if not part.startswith(("ds=", "ts=", "hr="))]
    return re.sub("[^A-Za-z0-9_]", "__", "__".join(parts))


def dag_name(meta, mode, conf_type):
    if conf_type == "group_bys":
        return f"chronon_group_by_{'streaming' if mode == 'streaming' else 'batch'}_{meta['team']}"
    if conf_type == "staging_queries":
        return f"chronon_staging_query_batch_{meta['team']}"
    kind = "online_offline_comparison" if mode == "consistency-metrics-compute" else "join"
    return f"chronon_{kind}_{cleaned(meta['name'])}"


def task_name(meta, mode, conf_type):
    prefix = {
        "upload": "group_by_batch",
        "streaming": "group_by_streaming",
        "consistency-metrics-compute": "compute_consistency",
    }.get(mode) or {"group_bys": "group_by_batch_backfill", "joins": "compute_join"}.get(conf_type, "staging_query")
    return f"{prefix}__{cleaned(meta['name'])}"


def counter(conf, event, mode):
    """Return a callback that would count an event."""

    def count(context):
        print(conf["metaData"]["name"], event, mode)

    return count


def daily(dag_id, conf, teams):
    return DAG(
        dag_id=dag_id,
        start_date=datetime(2023, 2, 1),
        dagrun_timeout=timedelta(days=4),
        schedule="@daily",
        max_active_tasks=16,
        catchup=False,
        default_args=task_defaults(conf, teams, retries=1, retry_delay=timedelta(minutes=1)),
    )


def ticking(dag_id, conf, teams):
    return DAG(
        dag_id=dag_id,
        start_date=datetime(2022, 2, 1),
        max_active_runs=1,
        dagrun_timeout=timedelta(minutes=20),
        schedule=timedelta(minutes=20),
        catchup=False,
        default_args=task_defaults(conf, teams, retries=1, retry_delay=timedelta(seconds=60), queue="silver_medium"),
    )


def task_defaults(conf, teams, **more):
    team = {**teams["default"], **teams.get(conf["metaData"]["team"], {})}
    return {
        "owner": team.get("team_name"),
        "queue": team.get("airflow_queue"),
        "email": team.get("maintainer_emails"),
        "run_as_user": team.get("user"),
        "metastore_conn_id": "metastore_default",
        "presto_conn_id": "presto_default",
        "depends_on_past": False,
        "max_active_tis_per_dag": 1,
        **more,
    }
