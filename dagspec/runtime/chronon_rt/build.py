"""From definitions to Airflow DAGs.

Static in, static out: nothing is read while a file is parsed, and the same definitions give the same DAG, so that Airflow sees a new
version only when something changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping, Sequence
from datetime import date, timedelta
from typing import Any, Callable

from . import calendar_rules, compat
from .comparison import ConsistencySummary
from .definitions import Dag, Job, KvLoad, Settings, Summary, Task, Wait
from .job import RunChronon
from .kv_load import LoadIntoKvStore
from .presence import load_callable
from .rendering import Place
from .stream import KeepAlive, KeepAliveSummary
from .task import Surroundings
from .wait import WaitForPartition

SUPPORT_FOLDER = "_chronon_rt"

# Days of one conf never run at the same time (a limit per task), so this only bounds how far a slow conf lets the others run ahead.
MAX_ACTIVE_RUNS = 8

# A store that cannot be asked (a metastore that is down) must not cost the night's runs, and a busy Airflow 3 may count a sensor that gave its
# slot back as failed (its report of the next look is answered with 409). Looking again costs nothing, with the usual minute between two looks this
# is an hour, the task shows as up for retry meanwhile, and a wait that ran out of time is not retried.
WAIT_RETRIES = 60

# With few slots, waits must not take them from the jobs that write what is waited for. Airflow's own rules would do just that: it prefers
# tasks with many others behind them, and among equals those of older days, however often they have looked already. So jobs go
# before waits, and the waits of what others need before theirs.
WORK_PRIORITY = 10
WAIT_PRIORITY = {"staging_query": 5, "log_flattening": 4, "join": 3, "batch": 2}

# Airflow refuses longer tags.
TAG_LENGTH = 100

_PURPOSES = {
    "staging_query": "Staging queries of {team}",
    "batch": "Daily uploads, KV loads and front-fills of the GroupBys of {team}",
    "streaming": "Keeps the streaming jobs of {team} alive",
    "join": "Backfill and front-fill of the join {join}",
    "comparison": "Online/offline comparison of the join {join}",
    "label_join": "Labels of the join {join}",
    "log_flattening": "Flattens the served logs of the joins of {team}",
    "stats": "Statistics of the joins of {team}",
    "metadata_upload": "Puts the confs of the online joins into the KV store",
}


def register(namespace: MutableMapping[str, Any], file: str, settings: Settings, dags: Sequence[Dag]) -> None:
    """Put one Airflow DAG per definition into the namespace of a DAG file; only the wanted one when Airflow starts a task."""
    wanted = compat.parsing_dag_id()
    place = Place(os.path.join(os.path.dirname(os.path.abspath(file)), SUPPORT_FOLDER))
    for dag in dags:
        if wanted is None or wanted == dag.id:
            namespace[dag.id] = build(dag, settings, place)


def build(dag: Dag, settings: Settings, place: Place) -> Any:
    """Return the Airflow DAG of a definition."""
    mail, callbacks = compat.mail_on_failure(dag.emails)
    if settings.alert:
        callbacks = [*callbacks, _alert(settings.alert)]
    streaming = dag.kind == "streaming"
    airflow_dag = compat.DAG(
        dag_id=dag.id,
        description=describe(dag),
        schedule=compat.cron_schedule(dag.cron),
        start_date=calendar_rules.midnight(date.fromisoformat(dag.start)),
        catchup=dag.catchup,
        # Each tick of a streaming DAG continues the history of the one before.
        max_active_runs=1 if streaming else MAX_ACTIVE_RUNS,
        is_paused_upon_creation=True,
        tags=tags(dag),
        default_args={
            "owner": dag.owner or dag.team or "chronon",
            **mail,
            **({"queue": dag.queue or settings.queue} if dag.queue or settings.queue else {}),
            **({"run_as_user": dag.user} if dag.user else {}),
            **({"on_failure_callback": callbacks} if callbacks else {}),
            "retries": settings.retries,
            "retry_delay": timedelta(seconds=settings.retry_delay_s),
        },
    )
    _add_tasks(airflow_dag, dag, settings, place)
    return airflow_dag


def describe(dag: Dag) -> str:
    """Return the description: what the DAG is for, and the hash by which a deploy recognises it."""
    purpose = _PURPOSES.get(dag.kind, "{kind} of {team}").format(team=dag.team, join=dag.join, kind=dag.kind)
    return f"{purpose} [cc:{dag.hash}]"


def tags(dag: Dag) -> list[str]:
    """Return the tags by which the console finds the DAGs of a kind, a team and a join."""
    candidates = ["chronon", f"kind:{dag.kind}"]
    if dag.team:
        candidates.append(f"team:{dag.team}")
    if dag.join:
        candidates.append(f"join:{dag.join}")
    return [tag for tag in candidates if len(tag) <= TAG_LENGTH]


def _add_tasks(airflow_dag: Any, dag: Dag, settings: Settings, place: Place) -> None:
    """Add the tasks with their order. Without a way to look for partitions there is nothing to wait for."""
    tasks = [task for task in dag.tasks if not (isinstance(task, Wait) and settings.sensor.kind == "none")]
    plan = _Plan(dag.kind, tasks)
    surroundings = Surroundings(settings, place, dag.cron, plan.confs)
    operators = {task.id: _operator(task, plan, surroundings, airflow_dag) for task in tasks}
    for task in tasks:
        for before in plan.after(task):
            if before in operators:
                operators[before] >> operators[task.id]


class _Plan:
    """The order of the tasks, seen from each of them."""

    def __init__(self, kind: str, tasks: Sequence[Task]) -> None:
        self.kind = kind
        self.tasks = {task.id: task for task in tasks}
        self._before: dict[str, list[Job | KvLoad]] = {}
        for task in tasks:
            if isinstance(task, (Job, KvLoad)):
                for before in task.after:
                    self._before.setdefault(before, []).append(task)
        self.confs = sorted({task.conf for task in tasks if isinstance(task, (Job, KvLoad)) and task.conf})

    def after(self, task: Task) -> Sequence[str]:
        return () if isinstance(task, Wait) else task.after

    def upstream(self, task: Task) -> Iterable[Task]:
        """Yield all tasks that must come before, each once."""
        seen: set[str] = set()
        todo = list(self.after(task))
        while todo:
            task_id = todo.pop(0)
            if task_id in self.tasks and task_id not in seen:
                seen.add(task_id)
                yield self.tasks[task_id]
                todo.extend(self.after(self.tasks[task_id]))

    def waits_of(self, job: Job) -> list[Wait]:
        return [task for task in self.upstream(job) if isinstance(task, Wait)]

    def needing(self, wait: Wait) -> list[Job | KvLoad]:
        return self._before.get(wait.id, [])

    def loads_of(self, job: Job) -> list[str]:
        return [task.id for task in self._before.get(job.id, ()) if isinstance(task, KvLoad)]

    def ticks_before(self, summary: Summary) -> dict[str, str]:
        jobs = (self.tasks.get(task_id) for task_id in summary.after)
        return {job.id: job.conf for job in jobs if isinstance(job, Job)}


def _operator(task: Task, plan: _Plan, surroundings: Surroundings, airflow_dag: Any) -> Any:
    """Return the operator of one task."""
    settings = surroundings.settings
    common = {"task_id": task.id, "dag": airflow_dag, "surroundings": surroundings}
    work = {**common, "priority_weight": WORK_PRIORITY, "weight_rule": "absolute"}
    if isinstance(task, Wait):
        return WaitForPartition(
            wait=task, needed_by=plan.needing(task), comes_again=True, **common, **_pool(settings.sensor.pool),
            poke_interval=settings.sensor.poke_s, timeout=settings.sensor.timeout_s,
            retries=max(WAIT_RETRIES, settings.retries),
            retry_delay=timedelta(seconds=settings.sensor.poke_s),
            priority_weight=WAIT_PRIORITY.get(plan.kind, 1), weight_rule="absolute",
        )  # fmt: skip
    if isinstance(task, Summary):
        if task.of == "keep_alive":
            return KeepAliveSummary(
                summary=task, ticks=plan.ticks_before(task), trigger_rule="all_done", **work, retries=0
            )
        return ConsistencySummary(summary=task, trigger_rule="all_done", **work)
    job = {
        **work,
        **_pool(settings.pool),
        "max_active_tis_per_dag": 1,
        "execution_timeout": timedelta(seconds=settings.timeout_s),
        "poke_interval": settings.sensor.poke_s,
    }
    if isinstance(task, KvLoad):
        return LoadIntoKvStore(load=task, **job)
    if task.mode == "streaming":
        # The next tick is the retry.
        return KeepAlive(job=task, waits=(), **{**job, "retries": 0})
    loads = plan.loads_of(task)
    return RunChronon(job=task, waits=plan.waits_of(task), loads=loads, comes_again=bool(loads), **job)


def _pool(name: str) -> dict[str, str]:
    return {"pool": name} if name else {}


def _alert(name: str) -> Callable[[Any], None]:
    """Return a failure callback that imports the project's function when it is needed, not while the file is parsed."""

    def call(context: Any) -> None:
        load_callable(name)(context)

    return call
