package demo

import (
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// projectFile is the chrononctl.yaml of the demo: the stand-in takes Spark's place by configuration alone, and everything is quick.
// dir is the demo's folder, python the interpreter that has chronon-ai, start the first day of the backlog.
func projectFile(dir, python string, start time.Time) ([]byte, error) {
	standin := filepath.Join(dir, "sample", "standin")
	store := func(verb string, args ...string) []string {
		// -E and -S keep the interpreter from looking at the environment and for packages: the stand-in needs neither, and starts faster.
		return append([]string{python, "-E", "-S", filepath.Join(standin, "store.py"), verb}, args...)
	}
	type section = yaml.MapSlice
	return yaml.Marshal(section{
		{Key: "version", Value: 1},
		{Key: "run", Value: section{
			{Key: "python", Value: python},
			{Key: "repo", Value: filepath.Join(dir, "sample", "repo")},
			{Key: "env", Value: section{
				{Key: "PYTHONUNBUFFERED", Value: "1"}, // run.py's own lines come before the job's
				{Key: "CHRONON_STANDIN_STORE", Value: filepath.Join(dir, "store")},
				{Key: "CHRONON_STANDIN_PYTHON", Value: python},
				{Key: "SPARK_SUBMIT_PATH", Value: filepath.Join(standin, "spark-submit")},
				{Key: "YARN_PATH", Value: filepath.Join(standin, "yarn")},
			}},
		}},
		{Key: "dags", Value: section{
			{Key: "start_date", Value: start.Format(time.DateOnly)},
			{Key: "retries", Value: 1},
			{Key: "retry_delay", Value: "5s"},
			{Key: "timeout", Value: "10m"},
		}},
		{Key: "sensors", Value: section{
			{Key: "kind", Value: "command"},
			{Key: "argv", Value: store("has", "{table}", "{partition}")},
			{Key: "poke", Value: "30s"},
			{Key: "timeout", Value: "1h"},
		}},
		{Key: "kv_load", Value: section{{Key: "argv", Value: store("kv-load", "{table}", "{dataset}", "{ds}")}}},
		{Key: "streaming", Value: section{{Key: "every", Value: tickEvery.String()}, {Key: "max_restarts", Value: 100}}},
		{Key: "consistency", Value: section{
			{Key: "reader", Value: "command"},
			{Key: "argv", Value: store("consistency", "{table}", "{ds_from}", "{ds_to}")},
		}},
		{Key: "targets", Value: section{{Key: Target, Value: section{
			{Key: "kind", Value: "dir"},
			{Key: "path", Value: filepath.Join(dir, "dags")},
		}}}},
	})
}
