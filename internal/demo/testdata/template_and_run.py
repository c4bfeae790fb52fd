"""Imports generated DAG files with a real Airflow, has it render what it takes for templates, and runs the jobs.

A line of JSON on stdin is a release: {"files": {path: text}, "jobs": {dag id: {task id: argv}}}, the latter for the day DAY. The answer is a
line on stdout: {"wrong": [...], "templates": how many texts of the definitions Jinja would change or refuse if it were given them}.

    python template_and_run.py FOLDER

FOLDER takes the files. The first element of each argv has to be a program that prints its other arguments, one to a line.
"""

import contextlib
import copy
import dataclasses
import datetime
import json
import os
import pathlib
import runpy
import sys

FOLDER = pathlib.Path(sys.argv[1])
DAY = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
SEEN = {}


def place(files):
    for path, text in files.items():
        if SEEN.get(path) != text:
            target = FOLDER / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
            SEEN[path] = text


def texts(value):
    """Yield every text of a definition."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts(list(pair))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts(each)


def is_template(text, jinja, context):
    try:
        return jinja.from_string(text).render(**context) != text
    except Exception:  # it would have failed the task
        return True


class FakeRun:
    conf = None
    start_date = DAY


def defined(operator):
    """Return what an operator holds of its definition."""
    names = ("job", "wait", "load", "summary", "surroundings")
    return {name: getattr(operator, name) for name in names if hasattr(operator, name)}


def check(dag, jobs):
    jinja = dag.get_template_env()
    context = {"ds": "2026-03-01", "logical_date": DAY, "dag_run": FakeRun(), "params": {}, "ti": None}
    templates, wrong = 0, []
    for operator in dag.tasks:
        before = copy.deepcopy(defined(operator))
        if operator.template_fields:
            wrong.append(f"{operator.task_id} has templates: {operator.template_fields}")
        operator.render_template_fields(context, jinja_env=jinja)
        if defined(operator) != before:
            wrong.append(f"{operator.task_id}: Jinja changed {before} to {defined(operator)}")
        templates += sum(is_template(text, jinja, context) for text in set(texts(list(before.values()))) if "{" in text)
        if operator.task_id in jobs:
            wrong += ran(operator, context, jobs[operator.task_id])
    return wrong, templates


def ran(operator, context, argv):
    lines = []
    status = operator._run(context, operator.run_of(context), lines.append)
    if status or lines != argv[1:]:
        return [f"{operator.task_id}: its program got {lines}, want {argv[1:]}"]
    return []


def answer(release):
    place(release["files"])
    wrong, templates, dags = [], 0, set()
    for path in release["files"]:
        if "/" not in path and path.endswith(".py"):
            for name, value in runpy.run_path(str(FOLDER / path)).items():
                if type(value).__name__ == "DAG":
                    dags.add(name)
                    more, found = check(value, release["jobs"].get(name, {}))
                    wrong, templates = wrong + more, templates + found
    if dags != set(release["jobs"]):
        wrong.append(f"Airflow has the DAGs {sorted(dags)}, want {sorted(release['jobs'])}")
    return {"wrong": wrong, "templates": templates}


with open(os.dup(1), "w", encoding="utf-8") as out:
    os.dup2(2, 1)  # Airflow may log to standard output
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            try:
                reply = answer(json.loads(line))
            except BaseException as error:
                reply = {"wrong": [f"{type(error).__name__}: {error}"], "templates": 0}
        print(json.dumps(reply), file=out, flush=True)
