"""Tables from outside: which days of them have landed.

No job of the sample writes these tables, so nothing is stored about them. A rule answers instead: a day has landed once it
is over (in UTC) plus the hours that the table is usually late, from the first day of the table to its last, and not longer
ago than it is kept. catalog.json holds that for each table; a table that is not in it does not exist.

A day can be withheld, to see what waits for it: "withheld" in the store's folder has one table, or table and day, per line.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import unquote

from settings import days_between, load_json, now
from warehouse import fields_of

WITHHELD_FILE = "withheld"


class Sources:
    """The outside tables, as they stand now."""

    def __init__(self, folder: Path) -> None:
        self._tables = load_json("CHRONON_STANDIN_CATALOG", "catalog.json")["tables"]
        self._withheld = read_withheld(folder)
        self._now = now()

    def knows(self, table: str) -> bool:
        """Whether the table is one of the outside ones."""
        return table in self._tables

    def landed(self, table: str, day: str) -> bool:
        """Whether the table has this day now."""
        rule = self._tables[table]
        if day < rule["first"] or day > rule.get("last", "9999-12-31"):
            return False
        if (table, "") in self._withheld or (table, day) in self._withheld:
            return False
        start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
        if "kept_days" in rule and start < self._now - timedelta(days=rule["kept_days"] + 1):
            return False
        return start + timedelta(days=1, hours=rule.get("late_hours", 0)) <= self._now

    def has_partition(self, table: str, partition: str) -> bool:
        """Whether the table has this partition now; it must name the day, and may name the other columns."""
        rule = self._tables[table]
        fields = fields_of(partition)
        day = fields.pop(rule.get("day_column", "ds"), "")
        try:
            datetime.strptime(day, "%Y-%m-%d")
        except ValueError:
            return False
        values = rule.get("columns", {})
        return all(unquote(fields[column]) in values.get(column, ()) for column in fields) and self.landed(table, day)

    def days(self, table: str) -> set[str]:
        """All days that the table has now."""
        first = self._tables[table]["first"]
        return {day for day in days_between(first, self._now.date().isoformat()) if self.landed(table, day)}

    def values(self, table: str, column: str) -> list[str]:
        """The values of a further partition column."""
        return self._tables[table].get("columns", {}).get(column, [])


def read_withheld(folder: Path) -> set[tuple[str, str]]:
    """The withheld tables: (table, day), with an empty day for all of them."""
    try:
        text = (folder / WITHHELD_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return set()
    lines = (line.split() for line in text.splitlines())
    return {(words[0], words[1] if len(words) > 1 else "") for words in lines if words}


def write_withheld(folder: Path, withheld: set[tuple[str, str]]) -> None:
    """Replace the file of withheld tables."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [" ".join(entry).strip() + "\n" for entry in sorted(withheld)]
    fresh = folder / (WITHHELD_FILE + ".new")
    fresh.write_text("".join(lines), encoding="utf-8")
    fresh.replace(folder / WITHHELD_FILE)
