"""What the stand-in takes from its environment, and the few calendar helpers that all of it shares.

CHRONON_STANDIN_STORE   folder of the store; required, made when it is missing
CHRONON_STANDIN_SPEED   how many times faster than usual jobs run; 1 when unset
CHRONON_STANDIN_FAULTS  another fault file than faults.json
CHRONON_STANDIN_CATALOG another list of outside tables than catalog.json
CHRONON_STANDIN_NOW     the present moment, as 2026-11-23T04:00:00; only tests set it
"""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent


class StandinError(Exception):
    """A mistake of whoever set the stand-in up, as opposed to a failure that a real job could have had."""


def store_folder() -> Path:
    """The folder that plays the warehouse and the key-value store."""
    folder = os.environ.get("CHRONON_STANDIN_STORE", "")
    if not folder:
        raise StandinError("CHRONON_STANDIN_STORE is not set: name the folder that plays the warehouse")
    return Path(folder)


def speed() -> float:
    """How many times faster than usual jobs run."""
    text = os.environ.get("CHRONON_STANDIN_SPEED", "1")
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not factor > 0:
        raise StandinError(f"CHRONON_STANDIN_SPEED is {text!r}: it must be a number above 0")
    return factor


def now() -> datetime:
    """The present moment in UTC."""
    text = os.environ.get("CHRONON_STANDIN_NOW", "")
    if not text:
        return datetime.now(timezone.utc)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    except ValueError:
        raise StandinError(f"CHRONON_STANDIN_NOW is {text!r}: write it as 2026-11-23T04:00:00") from None


def load_json(variable: str, default: str) -> dict:
    """A JSON file of the stand-in: the one that the environment variable names, or the one beside this module."""
    path = Path(os.environ.get(variable) or HERE / default)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StandinError(f"{path}: {error}") from None


def shift(day: str, days: int) -> str:
    """The day that lies so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_between(first: str, last: str) -> list[str]:
    """All days from first to last, both included; none when last comes first."""
    start = date.fromisoformat(first)
    return [(start + timedelta(days=n)).isoformat() for n in range((date.fromisoformat(last) - start).days + 1)]
