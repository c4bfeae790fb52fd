package layouts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing/fstest"
)

// Shape says how large a repository is. All counts but the first are per team.
type Shape struct {
	Teams          int
	GroupBys       int // each is online and has a front-fill: an upload, a KV load and a backfill
	Streams        int // so many of the GroupBys have a topic
	StagingQueries int
	Joins          int // a DAG each, of five parts
	Compared       int // so many of the joins are logged and compared: a DAG more each, and one that flattens the team's logs
}

// Thousand is a repository that becomes 1,000 DAGs: 20 teams, each with 42 joins, 4 comparisons and a DAG of each team-wide kind.
func Thousand() Shape {
	return Shape{Teams: 20, GroupBys: 15, Streams: 5, StagingQueries: 4, Joins: 42, Compared: 4}
}

// object is a JSON object.
type object map[string]any

// Repository makes a compiled Chronon repository of that shape. The same shape gives the same bytes. A GroupBy has 4 KB and a join 20 KB, about what
// those of Chronon's own sample have.
func (s Shape) Repository() fstest.MapFS {
	g := generator{random: rand.New(rand.NewPCG(4, 2026)), files: fstest.MapFS{}} //nolint:gosec // a seed, so that every run has the same repository
	teams := object{"default": object{
		"team_name": "default", "user": "chronon", "airflow_queue": "spark", "maintainer_emails": []string{"chronon@example.com"},
		"common_env": object{"CHRONON_LOG_TABLE": "data.chronon_log", "CHRONON_SCHEMA_TABLE": "data.chronon_log_schema"},
	}}
	for t := range s.Teams {
		team := fmt.Sprintf("team%02d", t)
		teams[team] = object{"team_name": team, "namespace": team, "production": object{"backfill": object{"EXECUTOR_MEMORY": "8G"}}}
		var parts []object
		for i := range s.GroupBys {
			conf := g.groupBy(team, i, i < s.Streams)
			parts = append(parts, conf)
			g.put(fmt.Sprintf("production/group_bys/%s/features_%03d.v1", team, i), conf)
		}
		for i := range s.StagingQueries {
			g.put(fmt.Sprintf("production/staging_queries/%s/query_%02d.v1", team, i), g.stagingQuery(team, i))
		}
		for i := range s.Joins {
			g.put(fmt.Sprintf("production/joins/%s/model_%03d.v1", team, i), g.join(team, i, i < s.Compared, parts))
		}
	}
	g.put("teams.json", teams)
	return g.files
}

// generator collects the files of a repository.
type generator struct {
	random *rand.Rand
	files  fstest.MapFS
}

func (g *generator) put(path string, conf object) {
	raw, err := json.MarshalIndent(conf, "", "  ")
	if err != nil {
		panic(err) // of strings and numbers, which cannot be
	}
	g.files[path] = &fstest.MapFile{Data: raw, Mode: 0o644}
}

// groupBy is a GroupBy over events of one of the team's eight tables.
func (g *generator) groupBy(team string, i int, streaming bool) object {
	table := fmt.Sprintf("data.%s_events_%d", team, i%8)
	selects := object{}
	var aggregations []object
	for c := range 8 + g.random.IntN(9) {
		column := fmt.Sprintf("amount_of_kind_%02d", c)
		selects[column] = fmt.Sprintf("IF(kind = %d, CAST(amount AS DOUBLE), NULL)", g.random.IntN(1000))
		aggregations = append(aggregations, object{"inputColumn": column, "operation": 7, "argMap": object{},
			"windows": []object{{"length": 7, "timeUnit": 1}, {"length": 30, "timeUnit": 1}}})
	}
	events := object{"table": table, "query": object{"selects": selects, "startPartition": "2026-01-01", "timeColumn": "ts", "setups": []string{}}}
	accuracy := 1
	if streaming {
		events["topic"], accuracy = "events."+team, 0
	}
	return object{
		"metaData": g.meta(team, fmt.Sprintf("features_%03d.v1", i), object{"online": 1}, dependency(table)),
		"sources":  []object{{"events": events}}, "keyColumns": []string{"user_id"}, "aggregations": aggregations,
		"accuracy": accuracy, "backfillStartDate": "2026-01-01",
	}
}

// join is a join of five of the team's GroupBys, as many as there are.
func (g *generator) join(team string, i int, compared bool, groupBys []object) object {
	left := fmt.Sprintf("data.%s_requests_%d", team, i%8)
	dependencies := []string{dependency(left)}
	var parts []object
	for p := range min(5, len(groupBys)) {
		part := groupBys[(i*5+p)%len(groupBys)]
		parts = append(parts, object{"groupBy": part})
		dependencies = append(dependencies, part["metaData"].(object)["dependencies"].([]string)...)
	}
	more := object{}
	if compared {
		more = object{"online": 1, "samplePercent": 10.0, "customJson": `{"check_consistency": true, "lag": 0}`}
	}
	return object{
		"metaData":  g.meta(team, fmt.Sprintf("model_%03d.v1", i), more, dependencies...),
		"left":      object{"events": object{"table": left, "query": object{"selects": object{"user_id": "user_id"}, "startPartition": "2026-01-01", "timeColumn": "ts"}}},
		"joinParts": parts,
	}
}

func (g *generator) stagingQuery(team string, i int) object {
	meta := g.meta(team, fmt.Sprintf("query_%02d.v1", i), nil)
	meta["dependencies"] = []string{fmt.Sprintf("data.%s_raw_%d/ds={{ ds }}", team, i)}
	return object{"metaData": meta, "startPartition": "2026-01-01",
		"query": strings.Repeat("SELECT user_id, amount, kind, ts, ds FROM somewhere WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'\n", 8)}
}

func (g *generator) meta(team, name string, more object, dependencies ...string) object {
	meta := object{"name": team + "." + name, "team": team, "outputNamespace": team, "offlineSchedule": "@daily", "customJson": `{"lag": 0}`,
		"tableProperties": object{"source": "chronon"}, "dependencies": dependencies}
	maps.Copy(meta, more)
	return meta
}

// dependency is a partition that a conf waits for, as compile.py writes it.
func dependency(table string) string {
	raw, err := json.Marshal(object{"name": "wait_for_" + table + "_ds", "spec": table + "/ds={{ ds }}", "start": "2026-01-01", "end": nil})
	if err != nil {
		panic(err) // of strings, which cannot be
	}
	return string(raw)
}
