"""The stand-in for yarn: "application -list" and "application -kill ID" over the streaming applications of the store."""

from __future__ import annotations

import sys

from settings import StandinError, now, store_folder
from warehouse import Warehouse

COLUMNS = (
    "Application-Id", "Application-Name", "Application-Type", "User", "Queue", "State", "Final-State", "Progress", "Tracking-URL",
)  # fmt: skip
ACCEPTED_S = 2  # how long an application waits for its first container


def main(argv: list[str]) -> int:
    try:
        if argv[:2] == ["application", "-list"]:
            print_applications(Warehouse(store_folder()))
        elif argv[:2] == ["application", "-kill"] and len(argv) == 3:
            return kill(Warehouse(store_folder()), argv[2])
        else:
            raise StandinError('expected "application -list" or "application -kill ID"')
    except StandinError as error:
        print(f"yarn (stand-in): {error}", file=sys.stderr)
        return 2
    return 0


def print_applications(warehouse: Warehouse) -> None:
    """The table of living applications as YARN's client prints it: right-aligned columns with tabs between them."""
    alive = warehouse.applications()
    states = "states: [SUBMITTED, ACCEPTED, RUNNING] and tags: []"
    print(f"Total number of applications (application-types: [], {states}):{len(alive)}")
    print("\t".join(f"{column:>20}" for column in COLUMNS))
    for app_id, name, submitted in alive:
        state = "ACCEPTED" if now().timestamp() < submitted + ACCEPTED_S else "RUNNING"
        url = f"http://resourcemanager.example:8088/proxy/{app_id}/"
        row = (app_id, name, "SPARK", "chronon", "default", state, "UNDEFINED", "10%", url)
        print("\t".join(f"{value:>20}" for value in row))


def kill(warehouse: Warehouse, app_id: str) -> int:
    """End an application."""
    if warehouse.kill_application(app_id):
        print(f"Killed application {app_id}")
        return 0
    print(f"Application {app_id} has already finished or does not exist", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
