package config

import (
	"fmt"
	"strings"
)

const referenceHead = `# The project file

<!-- Made from the table of keys in internal/config. After a change there: UPDATE_DOCS=1 go test ./internal/config -->

` + "`chrononctl.yaml`" + ` stands beside ` + "`teams.json`" + ` in the root of a Chronon repository. It says what the confs leave open: how jobs are started, how
partitions are looked for, how values get into the KV store, where the DAG files go. Every key has a default, so that a repository
without the file works too. Who comes from Chronon's own Airflow code finds its constants and hooks in
[from-boilerplate.md](from-boilerplate.md).

    chrononctl init                    writes the file, with every key explained and commented out
    chrononctl config show --explain   prints what holds, and which line of the file or which default says so
    chrononctl config schema           prints the JSON Schema, for editors

The file is read strictly. Every unknown key and every value that cannot be used is reported with its line, all at once. What holds for
a single team stands in ` + "`teams.json`" + `, where Chronon's users know it: ` + "`user`, `airflow_queue`, `maintainer_emails`, `team_name`, `dag_start_date`" + `.

A file that sets a few things:

` + "```yaml" + `
version: 1
run:
  python: /opt/chronon/bin/python
  repo: /srv/chronon
dags:
  start_date: 2026-01-01
sensors:
  kind: sql
  connection: trino_default
kv_load:
  argv: [load-into-kv, --table, "{table}", --dataset, "{dataset}", --date, "{ds}"]
consistency:
  reader: sql
  connection: trino_default
targets:
  prod:
    kind: dir
    path: /opt/airflow/dags
` + "```" + `
`

const referenceFunctions = `
## Functions that you write

Keys that name a Python function want it importable on the workers. It is imported when it is needed, not while Airflow parses DAG files.

| key | called as | must |
|---|---|---|
| ` + "`dags.alert`" + ` | ` + "`alert(context)`" + ` with Airflow's context of the failed task | tell somebody |
| ` + "`sensors.callable`" + ` | ` + "`there(table, partition)`" + `, such as ` + "`there(\"core.orders\", \"ds=2026-11-21\")`" + `; the partition of a whole table is empty | return whether it is there |
| ` + "`kv_load.callable`" + ` | ` + "`load(table=..., dataset=..., ds=...)`" + ` | load the table, or raise |
| ` + "`run.runner`" + ` | ` + "`make(task_id=..., argv=[...], env={...}, cwd=..., line=...)`" + ` | return an Airflow operator that runs the command |

The operator of ` + "`run.runner`" + ` is executed at once, inside of the job's task, and its template fields are not rendered. That it returns is success and that it
raises is failure; the partitions of the job are looked for in either case as they always are. Progress, classes of failure and the state of a stream are
read from the output that the operator hands to ` + "`line`" + `, line by line. It cannot defer. Paths of confs in ` + "`argv`" + ` lie below the DAG folder; where the other
machine does not have that, set ` + "`chronon.delivery`" + ` to the repository there.
`

// Reference is the documentation of every key, in Markdown.
func Reference() string {
	var out strings.Builder
	out.WriteString(referenceHead)
	out.WriteString("\n## The file as a whole\n\n")
	writeReference(&out, "")
	for _, s := range sections() {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n", s.name, s.doc)
		writeReference(&out, s.name)
	}
	out.WriteString(referenceFunctions)
	return out.String()
}

// writeReference writes the keys of a section as a table.
func writeReference(out *strings.Builder, section string) {
	out.WriteString("| key | value | default | |\n|---|---|---|---|\n")
	for _, key := range Keys() {
		if key.section() != section {
			continue
		}
		value := "–"
		if text := key.Default(); text != "" {
			value = "`" + text + "`"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", strings.Replace(key.Path, "*", "NAME", 1), key.Type, value, key.Doc)
	}
}
