"""A world for each test: a copy of the sample repository, an empty store, and a clock that stands still.

The tests need the packages of locks/chronon.txt and locks/pytest.txt beside them, nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SAMPLE = Path(__file__).resolve().parent.parent
STANDIN = SAMPLE / "standin"
TODAY = "2026-11-23"
YESTERDAY = "2026-11-22"

sys.path.insert(0, str(STANDIN))


@dataclass
class World:
    """Runs the real run.py, and the store's questions, in one repository against one store."""

    repo: Path
    folder: Path
    now: str = f"{TODAY}T04:00:00"
    more_env: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SPARK_SUBMIT_PATH": str(STANDIN / "spark-submit"),
            "YARN_PATH": str(STANDIN / "yarn"),
            "CHRONON_STANDIN_PYTHON": sys.executable,
            "CHRONON_STANDIN_STORE": str(self.folder),
            "CHRONON_STANDIN_SPEED": "1000",
            "CHRONON_STANDIN_NOW": self.now,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",  # or run.py prints its own lines after those of the job
            **self.more_env,
        }

    def call(self, *argv: str) -> subprocess.CompletedProcess:
        """Run a program in the repository; its two streams come as one, in the order of printing."""
        return subprocess.run(
            argv, cwd=self.repo, env=self.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
        )

    def run(self, mode: str, conf: str, ds: str = YESTERDAY, *more: str) -> subprocess.CompletedProcess:
        """Run chronon-ai's own run.py the way a task does."""
        path = f"production/{conf}"
        argv = ("--mode", mode, "--conf", path, "--env", "production", "--ds", ds, "--repo", ".", *more)
        return self.call(sys.executable, "-m", "ai.chronon.repo.run", *argv)

    def succeed(self, mode: str, conf: str, ds: str = YESTERDAY, *more: str) -> str:
        """Run, expect exit 0, and give the log."""
        done = self.run(mode, conf, ds, *more)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def store(self, *args: str) -> subprocess.CompletedProcess:
        """Ask the store."""
        return self.call(sys.executable, str(STANDIN / "store.py"), *args)

    def has(self, table: str, partition: str = "") -> bool:
        """Ask the store for a partition."""
        answer = self.store("has", table, partition)
        assert answer.returncode in (0, 1), answer.stdout
        return answer.returncode == 0

    def faults(self, **faults: object) -> None:
        """Plant these faults instead of the sample's."""
        path = self.folder.parent / "faults.json"
        path.write_text(json.dumps(faults), encoding="utf-8")
        self.more_env["CHRONON_STANDIN_FAULTS"] = str(path)


@pytest.fixture
def world(tmp_path: Path) -> World:
    repo = tmp_path / "repo"
    shutil.copytree(SAMPLE / "repo", repo, ignore=shutil.ignore_patterns("__pycache__"))
    return World(repo, tmp_path / "store")


LOG_TABLES = ("--log-table=data.chronon_log", "--schema-table=data.chronon_log_schema")


@pytest.fixture
def logged(world: World) -> World:
    """A world in which the checkout join has its inputs, its output and its flattened log."""
    world.succeed("backfill", "staging_queries/payments/card_swipes.v1")
    world.succeed("backfill", "staging_queries/core/customers.v1")
    world.succeed("backfill", "joins/payments/checkout.v1")
    world.succeed("log-flattener", "joins/payments/checkout.v1", YESTERDAY, *LOG_TABLES)
    return world
