"""All that this package needs from Airflow, the same on 2.6 to 2.11 and on 3.x.

The names moved: operators and DAG into `airflow.sdk` with 3.0, exceptions and timetables with 3.3. Task states are asked of the
Task SDK on 3, which keeps tasks away from the database, and of Airflow's own models on 2, where that is what every task does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any, Callable


def _first(name: str, *modules: str) -> Any:
    """Return `name` from the first of `modules` that has it."""
    for module in modules:
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(f"this Airflow has no {name}; looked in {', '.join(modules)}")


DAG = _first("DAG", "airflow.sdk", "airflow.models.dag")
BaseOperator = _first("BaseOperator", "airflow.sdk", "airflow.models.baseoperator")
BaseSensorOperator = _first("BaseSensorOperator", "airflow.sdk", "airflow.sensors.base")
AirflowException = _first("AirflowException", "airflow.sdk.exceptions", "airflow.exceptions")
AirflowFailException = _first("AirflowFailException", "airflow.sdk.exceptions", "airflow.exceptions")
AirflowSkipException = _first("AirflowSkipException", "airflow.sdk.exceptions", "airflow.exceptions")
AirflowRescheduleException = _first("AirflowRescheduleException", "airflow.sdk.exceptions", "airflow.exceptions")
TaskDeferred = _first("TaskDeferred", "airflow.sdk.exceptions", "airflow.exceptions")
CronDataIntervalTimetable = _first("CronDataIntervalTimetable", "airflow.sdk", "airflow.timetables.interval")

try:
    import airflow.sdk  # noqa: F401  (its presence is the question)

    HAS_TASK_SDK = True
except ImportError:
    HAS_TASK_SDK = False


# What Airflow 2 writes into its database for every single task although it holds the value that reading back fills in anyway. It is a sixth of a
# task, and a team's DAG of 500 GroupBys has 1,500 tasks. Airflow 3 leaves such values out by itself.
DEFAULTED_FIELDS: frozenset[str] = frozenset(
    ()
    if HAS_TASK_SDK
    else (
        "_is_setup", "_is_teardown", "is_setup", "is_teardown", "_log_config_logger_name", "_on_failure_fail_dagrun",
        "on_failure_fail_dagrun", "template_ext", "template_fields_renderers", "ui_fgcolor",
    )
)  # fmt: skip


def now() -> datetime:
    """Return the time. All of the package asks here, so that tests can set the clock."""
    return datetime.now(timezone.utc)


def parsing_dag_id() -> str | None:
    """Return the id of the only DAG that Airflow wants from this parse, or None when it wants all of them."""
    get_parsing_context = _first("get_parsing_context", "airflow.sdk", "airflow.utils.dag_parsing_context")
    return get_parsing_context().dag_id


def cron_schedule(cron: str) -> Any:
    """Return a timetable with data intervals in UTC.

    A bare cron string would mean something else on Airflow 3, where the logical date became the time of the run.
    """
    return CronDataIntervalTimetable(cron, timezone=import_module("pendulum").timezone("UTC"))


def cron_interval(cron: str, moment: datetime) -> tuple[datetime, datetime]:
    """Return the last tick of `cron` at or before `moment`, and the first tick after it."""
    base = import_module("airflow.timetables.base")
    pendulum = import_module("pendulum")
    timetable = import_module("airflow.timetables.interval").CronDataIntervalTimetable(
        cron, timezone=pendulum.timezone("UTC")
    )
    at = pendulum.instance(_plain(moment))
    info = timetable.next_dagrun_info(
        last_automated_data_interval=base.DataInterval(start=at.subtract(years=10), end=at),
        restriction=base.TimeRestriction(earliest=None, latest=None, catchup=True),
    )
    return _plain(info.data_interval.start), _plain(info.data_interval.end)


def _plain(moment: datetime) -> datetime:
    """Return the moment as the standard library's datetime in UTC; Airflow hands out a subclass of its own."""
    return datetime.fromtimestamp(moment.timestamp(), timezone.utc)


def logical_date(context: Mapping[str, Any]) -> datetime:
    """Return the logical date of the run in UTC; a run without one cannot say which day it computes, and fails for good."""
    date = context.get("logical_date")
    if date is None:
        raise AirflowFailException(
            "this run has no logical date, so there is no day to compute: trigger it with a logical date"
        )
    return _plain(date)


def run_started(context: Mapping[str, Any]) -> datetime | None:
    """Return when the run began (again, after it was cleared), or None where that is not known."""
    started = getattr(context.get("dag_run"), "start_date", None)
    return _plain(started) if started is not None else None


def run_conf(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration that the run was triggered with."""
    run = context.get("dag_run")
    return (getattr(run, "conf", None) or {}) if run is not None else {}


def reschedule(seconds: float) -> Exception:
    """Return the exception that gives the slot back and starts the task again in `seconds`."""
    return AirflowRescheduleException(now() + timedelta(seconds=seconds))


def never_comes_again(task: Any) -> None:
    """Take from a sensor what makes Airflow 2 ask before each start whether it gave its slot back, and write that down for every such task."""
    if not HAS_TASK_SDK:
        task.deps = BaseOperator.deps


def previous_xcom(context: Mapping[str, Any], key: str, task_id: str | None = None) -> Any:
    """Return the newest value that the task pushed in this run or in an earlier one, or None.

    The map index of an unmapped task is given because Airflow 3 answers with the list of all earlier values otherwise.
    """
    ti = context["ti"]
    return ti.xcom_pull(task_ids=task_id or ti.task_id, key=key, include_prior_dates=True, map_indexes=-1)


def run_xcom(context: Mapping[str, Any], key: str, task_id: str) -> Any:
    """Return the value that a task of this run pushed, or None."""
    return context["ti"].xcom_pull(task_ids=task_id, key=key, map_indexes=-1)


def task_states(
    context: Mapping[str, Any],
    task_ids: Sequence[str],
    *,
    logical_dates: Iterable[datetime] | None = None,
    this_run: bool = False,
) -> dict[str, dict[str, str | None]]:
    """Return {run id: {task id: state}} of tasks of the same DAG: of this run, of the runs of these dates, or of all runs."""
    ti = context["ti"]
    dates = list(logical_dates) if logical_dates is not None else None
    run_ids = [ti.run_id] if this_run else None
    if hasattr(ti, "get_task_states"):
        states = ti.get_task_states(dag_id=ti.dag_id, task_ids=list(task_ids), logical_dates=dates, run_ids=run_ids)
        return {run: dict(tasks) for run, tasks in states.items()}
    return _task_states_of_models(ti.dag_id, task_ids, dates, run_ids)


def _task_states_of_models(
    dag_id: str, task_ids: Sequence[str], dates: list[datetime] | None, run_ids: list[str] | None
) -> dict[str, dict[str, str | None]]:
    """Answer `task_states` on Airflow 2, whose tasks have no other way than its models."""
    model = import_module("airflow.models.taskinstance").TaskInstance
    dag_run = import_module("airflow.models.dagrun").DagRun
    create_session = import_module("airflow.utils.session").create_session
    found: dict[str, dict[str, str | None]] = {}
    with create_session() as session:
        query = session.query(model.run_id, model.task_id, model.state)
        query = query.filter(model.dag_id == dag_id, model.task_id.in_(list(task_ids)))
        if run_ids is not None:
            query = query.filter(model.run_id.in_(run_ids))
        if dates is not None:
            runs = session.query(dag_run.run_id).filter(dag_run.dag_id == dag_id, dag_run.execution_date.in_(dates))
            query = query.filter(model.run_id.in_([run_id for (run_id,) in runs]))
        for run_id, task_id, state in query:
            found.setdefault(run_id, {})[task_id] = str(state) if state is not None else None
    return found


def connection_hook(connection: str) -> Any:
    """Return the hook of an Airflow connection."""
    return _connection(connection).get_hook()


def connection_address(connection: str) -> str:
    """Return host and port of an Airflow connection for a message, or "" where it is not known."""
    try:
        found = _connection(connection)
    except Exception:  # the message that wants the address is about another error
        return ""
    return f"{found.host}:{found.port}" if found.port else str(found.host or "")


def _connection(connection: str) -> Any:
    return _first("BaseHook", "airflow.sdk.bases.hook", "airflow.hooks.base").get_connection(connection)


def hive_metastore_hook(connection: str) -> Any:
    """Return the metastore hook of the Hive provider."""
    try:
        module = import_module("airflow.providers.apache.hive.hooks.hive")
    except ImportError as error:
        raise AirflowFailException(
            "sensors of kind hive need the package apache-airflow-providers-apache-hive on the workers: "
            f"{error}. Install it, or choose another sensors.kind in chrononctl.yaml"
        ) from error
    return module.HiveMetastoreHook(metastore_conn_id=connection)


def hive_table_exists(hook: Any, schema: str, table: str) -> bool:
    """Tell whether the metastore knows the table. The hook's own `table_exists` takes a metastore that breaks for a table that is not there.

    The exception is told by its name: the client that raises it is not installed where no sensor is of kind hive.
    """
    try:
        hook.get_table(table, schema)
    except Exception as error:
        if type(error).__name__ == "NoSuchObjectException":
            return False
        raise
    return True


def mail_on_failure(addresses: Sequence[str]) -> tuple[dict[str, Any], list[Callable[[Any], None]]]:
    """Return the operator arguments and the failure callbacks that send mail: arguments on 2, a notifier on 3, which dropped them."""
    if not addresses:
        return {}, []
    if not HAS_TASK_SDK:
        return {"email": list(addresses), "email_on_failure": True, "email_on_retry": False}, []

    def notify(context: Any) -> None:
        notifier = import_module("airflow.providers.smtp.notifications.smtp").SmtpNotifier
        notifier(to=list(addresses))(context)

    return {}, [notify]
