#!/usr/bin/env bash
# How run.py starts a streaming job. Cluster mode, and without waiting: the job lives on in the cluster, and run.py finds it
# again by its name. In client mode it would end with the task that started it.
set -euo pipefail

exec "${SPARK_SUBMIT_PATH:-spark-submit}" \
  --name "${APP_NAME:?the name by which the stream is found again}" \
  --master "${JOB_MODE:-yarn}" \
  --deploy-mode cluster \
  --driver-memory "${DRIVER_MEMORY:-2G}" \
  --executor-memory "${EXECUTOR_MEMORY:-2G}" \
  --executor-cores "${EXECUTOR_CORES:-1}" \
  --conf "spark.default.parallelism=${PARALLELISM:-4}" \
  --conf "spark.yarn.submit.waitAppCompletion=false" \
  --conf "spark.streaming.stopGracefullyOnShutdown=true" \
  "$@"
