"""What goes wrong on purpose. faults.json says so for each conf, and the README of the sample says it for people.

Everything here is a fixed function of the fault file and of what the store remembers: two runs of the demo fail alike.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional

from settings import load_json
from warehouse import Warehouse


class Faults:
    """The planted faults."""

    def __init__(self) -> None:
        self._faults = load_json("CHRONON_STANDIN_FAULTS", "faults.json")

    def should_fail(self, warehouse: Warehouse, conf: str, subcommand: str, ds: str) -> bool:
        """Whether this try of a job for this day fails; asking counts as a try."""
        for fault in self._faults.get("jobs", []):
            if fault["conf"] == conf and fault["subcommand"] == subcommand:
                return warehouse.count_try(f"{subcommand} {conf}", ds) <= fault["failed_tries_per_day"]
        return False

    def stream_life(self, conf: str, start: int) -> Optional[float]:
        """How many seconds the stream lives after its start-th start (the first is 0); nothing: until it is killed."""
        lives = self._faults.get("streams", {}).get(conf)
        return float(lives[min(start, len(lives) - 1)]) if lives else None

    def life_without_kv(self) -> Optional[float]:
        """How many seconds a stream lives whose GroupBy was never loaded into the key-value store; nothing: it does not mind."""
        return self._faults.get("stream_life_without_kv_load")

    def feature(self, join: str, feature: str) -> Mapping[str, Any]:
        """The planted rates of a feature: mismatch and missing_online, each between 0 and 1."""
        return self._faults.get("features", {}).get(join, {}).get(feature, {})
