"""Turning the literals of a definition into text, for one day.

No string is ever a template here: `Ds` is the only part that moves, and `Bundled` the only part that depends on the place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .definitions import Bundled, Ds, Partition, Text

# run.py splits the command that it builds on spaces. Of its own options only these two are commands themselves (run.py: check_output).
COMMAND_OPTIONS = ("--list-apps", "--online-jar-fetch")


class UnusableArgument(ValueError):
    """An argument that run.py would tear apart."""


@dataclass(frozen=True)
class Place:
    """Where the support folder of the DAG file is."""

    support: str

    def path(self, bundled: Bundled) -> str:
        return os.path.join(self.support, *bundled.path.split("/"))


def text(value: Text, day: date, place: Place | None = None) -> str:
    """Render one value."""
    if isinstance(value, Ds):
        return (day + timedelta(days=value.shift)).strftime(value.layout)
    if isinstance(value, Bundled):
        if place is None:
            raise ValueError(f"{value} cannot stand here: only command lines name files of the release")
        return place.path(value)
    return value


def command_line(argv: Sequence[Text], day: date, place: Place) -> list[str]:
    """Render the command line of a job, and refuse what run.py cannot carry."""
    rendered = [text(value, day, place) for value in argv]
    previous = ""
    for position, element in enumerate(rendered):
        if position > 0 and previous not in COMMAND_OPTIONS and re.search(r"\s", element):
            raise UnusableArgument(
                f"argument {position} of the job is {element!r}: run.py splits its command on white space, "
                "so no value and no path may contain any"
            )
        previous = element
    return rendered


def partition_spec(partition: Partition, day: date) -> str:
    """Render the partition as Hive names it, "ds=2026-11-21/hr=00"; empty for a whole table."""
    return "/".join(f"{column}={value}" for column, value in partition_fields(partition, day))


def partition_fields(partition: Partition, day: date) -> list[tuple[str, str]]:
    """Render the partition as (column, value) pairs."""
    return [(column, "".join(text(piece, day) for piece in pieces)) for column, pieces in partition.fields]


def partition_name(partition: Partition, day: date) -> str:
    """Render the partition for people: "ns.table/ds=2026-11-21", or "ns.table"."""
    spec = partition_spec(partition, day)
    return f"{partition.table}/{spec}" if spec else partition.table


def fill(argv: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Replace {name} in each element for the names of `values`; every other brace stays as it is."""
    known = re.compile("|".join(re.escape("{" + name + "}") for name in values))
    return [known.sub(lambda match: values[match.group()[1:-1]], element) for element in argv]
