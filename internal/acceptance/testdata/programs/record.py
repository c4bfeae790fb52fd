"""Runs a command in its caller's place and keeps a record of it: record.py KIND FOLDER NAME LENGTH COMMAND... [ARGUMENT]...

The record is a JSON file in the folder: the command line as the caller wrote it (NAME and the arguments that follow the LENGTH elements of COMMAND),
working directory, environment, beginning, and at last end and exit status. It is there from the beginning on. While the folder has a file
"hold-KIND-" with all arguments behind, joined by "-", the command does not begin.
"""

import json
import os
import subprocess
import sys
import time


def main(kind, folder, name, length, *command):
    argv = [name, *command[int(length) :]]
    record = {"kind": kind, "argv": argv, "cwd": os.getcwd(), "env": dict(os.environ), "began": time.time()}
    path = os.path.join(folder, f"{kind}-{time.time_ns()}-{os.getpid()}.json")
    write(path, record)
    while os.path.exists(os.path.join(folder, "-".join(["hold", kind, *argv[1:]]))):
        time.sleep(0.1)
    record["status"] = subprocess.call(command)
    record["ended"] = time.time()
    write(path, record)
    return record["status"]


def write(path, record):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
