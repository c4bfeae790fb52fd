"""Running a job somewhere else than on the worker, with an operator of the project's choice.

`run.runner` names a function. It is called in the task, when the day is known, with keywords only:

    function(task_id="upload__a", argv=["python3", ...], env={"A": "b"}, cwd="/srv/chronon", line=print) -> operator

and returns any Airflow operator that runs this argv in this folder with these variables added to the environment: a pod, a command over SSH.
The operator is executed at once, inside of the task. Its template fields are not rendered, so every string stays what it is. That it returns is
success, that it raises is failure, and then the partitions are looked for as always. An operator that sees the job's output should hand each line
to `line`: progress, classes of failure and the state of a stream are read from it.

Paths of confs in argv lie below the DAG folder. Where the other machine does not have that, use `chronon.delivery: {repo: PATH}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from . import compat
from .presence import load_callable


class Elsewhere:
    """One job that an operator of the project runs. It has the same `kill` as a program of the worker."""

    def __init__(self) -> None:
        self._operator: Any = None

    def run(
        self, name: str, context: Mapping[str, Any], line: Callable[[str], None], *, task_id: str, argv: Sequence[str],
        env: Mapping[str, str], cwd: str,
    ) -> int:  # fmt: skip
        """Execute the operator and return 0, or 1 when it failed; what it says about that is a line of the job's output."""
        make = load_callable(name)
        self._operator = make(task_id=task_id, argv=list(argv), env=dict(env), cwd=cwd, line=line)
        if not callable(getattr(self._operator, "execute", None)):
            raise compat.AirflowFailException(
                f"run.runner {name} must return an operator, and returned {self._operator!r}"
            )
        try:
            self._operator.execute(context)
        except (compat.AirflowFailException, compat.AirflowSkipException, compat.AirflowRescheduleException):
            raise
        except compat.TaskDeferred:
            raise compat.AirflowFailException(
                f"the operator of run.runner {name} defers, which it cannot do inside of a task: make it with deferrable=False"
            ) from None
        except compat.AirflowException as error:
            for each in str(error).splitlines():
                line(each)
            return 1
        return 0

    def kill(self) -> None:
        if self._operator is not None:
            self._operator.on_kill()
