#!/usr/bin/env python3
"""The applications that run in the cluster now, for run.py: one JSON object per line.

It asks YARN's client, whose name comes from YARN_PATH, and turns the table that it prints into what run.py reads.
"""

import json
import os
import subprocess
import sys

COLUMNS = ("app_id", "app_name", "app_type", "user", "queue", "state", "final_state", "progress", "tracking_url")


def parse(table, yarn):
    """The applications in the output of "yarn application -list"; its title and heading lines are none."""
    for line in table.splitlines():
        values = [value.strip() for value in line.split("\t")]
        if len(values) < len(COLUMNS) or not values[0].startswith("application_"):
            continue
        app = dict(zip(COLUMNS, values))
        app["status"] = app.pop("state")
        app["kill_cmd"] = "{} application -kill {}".format(yarn, app["app_id"])
        yield app


def main():
    yarn = os.environ.get("YARN_PATH", "yarn")
    command = [yarn, "application", "-list", "-appStates", "SUBMITTED,ACCEPTED,RUNNING"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True)
    if answer.returncode != 0:
        sys.exit("{} ended with exit status {}".format(" ".join(command), answer.returncode))
    for app in parse(answer.stdout, yarn):
        print(json.dumps(app, sort_keys=True))


if __name__ == "__main__":
    main()
