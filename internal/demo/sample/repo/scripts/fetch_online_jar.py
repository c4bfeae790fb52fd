#!/usr/bin/env python3
"""Print the path of the jar with the online implementation; run.py calls this when it is not where it expects it.

A company would download it from its artifact store here. In this sample the name is enough: nothing opens the jar.
"""

import os

print(os.environ.get("CHRONON_ONLINE_JAR") or "jars/marketplace_online.jar")
