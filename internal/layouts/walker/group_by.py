# An Airflow DAG file: all DAGs of the GroupBys.
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "_walker"))

import walk  # noqa: E402

REPO = os.path.join(HERE, "_walker", "repo")
dags = walk.walk("streaming", "group_bys", REPO, walk.ticking, {})
walk.walk("backfill", "group_bys", REPO, walk.daily, dags)
walk.walk("upload", "group_bys", REPO, walk.daily, dags)
globals().update(dags)
