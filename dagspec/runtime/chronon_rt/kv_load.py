"""Loading the upload table of a GroupBy into the KV store, which Chronon leaves to its users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import compat, process, upload_table
from .definitions import KvLoad
from .presence import load_callable
from .rendering import fill
from .task import ChrononTask, Run


class LoadIntoKvStore(ChrononTask):
    """Runs the project's loader for one table and one day."""

    ui_color = "#e8f5e9"

    def __init__(self, *, load: KvLoad, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.load = load
        self._process: process.Job | None = None

    def execute(self, context: Mapping[str, Any]) -> None:
        run = self.run_of(context)
        if why := self.why_not_for(run, self.load.conf, self.load.schedule) or self._overwritten_by(context, run):
            raise self.skipped(why)
        ds = (run.day - timedelta(days=self.load.lag)).isoformat()
        values = {"table": self.load.table, "dataset": self.load.dataset, "ds": ds}
        loader = self.project.kv_load
        if loader is None:
            raise compat.AirflowFailException(
                "no KV loader is configured: set kv_load in chrononctl.yaml, or kv_load: none"
            )
        if loader.callable:
            self.log.info("Calling %s for %s", loader.callable, values)
            load_callable(loader.callable)(**values)
        else:
            self._command(fill(loader.argv, values))

    def on_kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _command(self, argv: list[str]) -> None:
        self.log.info("Running %s", argv)
        self._process = process.Job()
        try:
            status = process.run_lines(
                argv, self.project.repo, self.project.env, lambda line: self.log.info("%s", line), self._process
            )
        except OSError as error:
            raise compat.AirflowException(f"the KV loader could not be started: {error}") from error
        if status != 0:
            raise compat.AirflowException(
                f"the KV loader ended with exit status {status}: {self.load.dataset} keeps its old values"
            )

    def _overwritten_by(self, context: Mapping[str, Any], run: Run) -> str | None:
        """Return which newer day's upload took the table, or None.

        A load that is cleared days later would otherwise put the newer day's values into the store under the older day's name.
        """
        if run.options.given or self.load.keeps_days:
            return None
        newer = upload_table.newer_upload(context, list(self.load.after), self.surroundings.cron, run.logical)
        return f"{self.load.table} now holds the upload of {newer}: its own KV load takes it" if newer else None
