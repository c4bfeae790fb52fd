//go:build real

package demo_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/internal/demo/python"
)

// readWithSpark has the runtime read a consistency table with the spark-submit that it is given, and judge it.
const readWithSpark = `
import datetime, json, sys
sys.path.insert(0, sys.argv[1])
from chronon_rt import Consistency, Settings
from chronon_rt.consistency import Budgets, measure
from chronon_rt.presence import LookupFailed
from chronon_rt.readers import read_rows
day = datetime.date(2026, 11, 20)
settings = Settings(repo="", consistency=Consistency(reader="spark", argv=sys.argv[2:]))
rows = read_rows(settings, "pay.checkout_v1_consistency", day)
found = measure("pay.checkout.v1", day.isoformat(), rows, 100.0, Budgets(mismatch=0.01, missing=0.05, min_rows=30))
print(json.dumps({"read": len(rows), "found": found}))
`

// TestRealSparkReadsAThousandFeatures makes a table of a thousand features as ConsistencyJob leaves it, and has the runtime's Spark reader read it
// with a real Spark and a Hive metastore.
func TestRealSparkReadsAThousandFeatures(t *testing.T) {
	store, err := python.Open()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	spark, err := store.Named(t.Context(), "spark")
	if err != nil {
		t.Fatal(err)
	}
	airflow, err := store.Named(t.Context(), "airflow-3.3")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the environments are there after %s", time.Since(begin).Round(time.Second))

	dir := t.TempDir()
	submit := []string{
		spark.Bin("spark-submit"), "--master", "local[2]", "--driver-memory", "2g", "--conf", "spark.ui.enabled=false",
		"--conf", "spark.sql.warehouse.dir=" + filepath.Join(dir, "warehouse"),
		"--conf", "spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:;databaseName=" + filepath.Join(dir, "metastore") + ";create=true",
		"--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dderby.system.home=" + dir,
		// Of thousands of columns and forty rows, nearly all the time would go into the compilation of generated code.
		"--conf", "spark.sql.codegen.wholeStage=false", "--conf", "spark.sql.codegen.factoryMode=NO_CODEGEN", "--conf", "spark.sql.shuffle.partitions=1",
	}
	run := func(what string, argv ...string) []byte {
		begin := time.Now()
		command := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		command.Dir, command.WaitDelay = dir, time.Second
		command.Env = append(os.Environ(), "PYSPARK_PYTHON="+spark.Python, "AIRFLOW_HOME="+dir, "SPARK_LOCAL_IP=127.0.0.1", "SPARK_LOCAL_DIRS="+dir)
		var said bytes.Buffer
		command.Stderr = &said
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s\n%s", what, err, out, said.String())
		}
		t.Logf("%s took %s", what, time.Since(begin).Round(100*time.Millisecond))
		return out
	}
	script, err := filepath.Abs("testdata/make_consistency_table.py")
	if err != nil {
		t.Fatal(err)
	}
	runtime, err := filepath.Abs("../../dagspec/runtime")
	if err != nil {
		t.Fatal(err)
	}
	made := run("making the table", append(submit, script, filepath.Join(dir, "table"), "pay.checkout_v1_consistency")...)
	t.Logf("the table has %s", bytes.TrimSpace(made))
	out := run("reading it", append([]string{airflow.Python, "-c", readWithSpark, runtime}, submit...)...)

	var got struct {
		Read  int
		Found struct {
			State         string
			TotalRows     int `json:"total_rows"`
			MatchedRows   int `json:"matched_rows"`
			FeaturesTotal int `json:"features_total"`
			FeaturesOver  int `json:"features_over"`
			Features      []map[string]any
			History       []map[string]any
		}
	}
	if err := json.Unmarshal(out[max(0, bytes.LastIndex(out, []byte(`{"read"`))):], &got); err != nil {
		t.Fatalf("%v in %.500q", err, out)
	}
	found := got.Found
	const days, hours = 13, 24 // one row for each day before, and one for each hour of the day itself
	if got.Read != days+hours || len(found.History) != 14 || found.State != "breach" || found.TotalRows != 2400 || found.MatchedRows != 2160 ||
		found.FeaturesTotal != 1000 || found.FeaturesOver != 975 {
		t.Errorf("read %d rows: %+v", got.Read, found)
	}
	worst := map[string]any{
		"name": "feature_0039_num", "rows": 2160.0, "mismatch": 0.866667, "missing_online": 0.032258, "missing_offline": 0.021739, "smape": 0.011111,
		"drift": 0.433334, "over": []any{"mismatch"},
		"hours": map[string]any{
			"rows": slices.Repeat([]any{90.0}, hours), "mismatch": slices.Repeat([]any{78.0}, hours), "missing_online": slices.Repeat([]any{3.0}, hours),
		},
	}
	if diff := cmp.Diff(worst, found.Features[0]); diff != "" {
		t.Errorf("the worst feature (-want +got):\n%s", diff)
	}
}
