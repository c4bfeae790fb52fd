"""The committed production/ is what Chronon's compile.py makes of the committed sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SAMPLE

ACCEPTANCE = SAMPLE.parents[1] / "acceptance" / "testdata"
REPOSITORIES = {"sample": SAMPLE / "repo", "acceptance": ACCEPTANCE / "repo", "acceptance with Hive": ACCEPTANCE / "hive"}

# compile.py writes what it imports, too: joins last, so that their GroupBys get their final form.
FOLDERS = ("staging_queries", "group_bys", "joins")


def compile_repository(root: Path) -> None:
    for folder in (folder for folder in FOLDERS if (root / folder).is_dir()):
        env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        argv = [f"--chronon_root={root}", f"--input_path={folder}", "--yes", "--force-overwrite"]
        done = subprocess.run(
            [sys.executable, "-m", "ai.chronon.repo.compile", *argv],
            cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        assert "Failed" not in done.stdout and "Could not" not in done.stdout, done.stdout


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_compiling_again_gives_the_committed_bytes(name: str, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    shutil.copytree(REPOSITORIES[name], root, ignore=shutil.ignore_patterns("production", "__pycache__"))
    compile_repository(root)
    compiled, committed = contents(root / "production"), contents(REPOSITORIES[name] / "production")
    assert list(compiled) == list(committed)
    for name, content in committed.items():
        assert compiled[name] == content, f"production/{name} is not what its source compiles to"


def test_compiling_over_the_result_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    shutil.copytree(SAMPLE / "repo", root, ignore=shutil.ignore_patterns("__pycache__"))
    compile_repository(root)
    assert contents(root / "production") == contents(SAMPLE / "repo" / "production")
