#!/usr/bin/env bash
# How run.py starts a batch job: the arguments after this script's name are those of Chronon's Driver. Which program is
# started and with which resources comes from the environment, which run.py fills from teams.json and the conf.
set -euo pipefail

exec "${SPARK_SUBMIT_PATH:-spark-submit}" \
  --name "${APP_NAME:-chronon}" \
  --master "${JOB_MODE:-yarn}" \
  --deploy-mode client \
  --driver-memory "${DRIVER_MEMORY:-2G}" \
  --executor-memory "${EXECUTOR_MEMORY:-4G}" \
  --executor-cores "${EXECUTOR_CORES:-1}" \
  --conf "spark.default.parallelism=${PARALLELISM:-100}" \
  --conf "spark.sql.shuffle.partitions=${PARALLELISM:-100}" \
  --conf "spark.dynamicAllocation.maxExecutors=${MAX_EXECUTORS:-50}" \
  --conf "spark.chronon.partition.column=${PARTITION_COLUMN:-ds}" \
  --conf "spark.chronon.partition.format=${PARTITION_FORMAT:-yyyy-MM-dd}" \
  "$@"
