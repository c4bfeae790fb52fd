# An Airflow DAG file: all DAGs of the staging queries.
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "_walker"))

import walk  # noqa: E402

REPO = os.path.join(HERE, "_walker", "repo")
globals().update(walk.walk("backfill", "staging_queries", REPO, walk.daily, {}))
