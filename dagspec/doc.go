// Package dagspec understands a compiled Chronon repository and decides which Airflow DAGs it asks for.
//
// It is a pipeline of three pure functions over values:
//
//	Load    teams.json and production/{staging_queries,group_bys,joins}/<team>/<file>  ->  Repo
//	Build   which conf gets which task, what waits for what, with which argv           ->  Definitions
//	Render  one Python file per team and kind, the confs and the runtime beside them   ->  []File
//
// and [Export], which writes Definitions as JSON for other orchestrators and for tests. [ReadBack] reads rendered files as definitions again, without
// Python, and [Diff] tells in words what changes between two of them.
//
// # What is read
//
// Chronon's compile.py writes thrift structs as JSON: unset fields are absent, booleans are 0 and 1, enums are numbers, customJson is JSON in a
// string, and the dependencies of a GroupBy or Join are a list of JSON strings. Each file is decoded once, into the few fields that decide a
// schedule; a join of five megabytes leaves a kilobyte behind. Decoding is lenient about spelling and strict about meaning: everything that
// cannot be understood is a [Diagnostic] with file, JSON path and hint, all of them are found in one pass, and a bad conf takes no other with it.
//
// # What is decided
//
// Each rule stands in one place: a table's name in tables.go, accuracy and streaming in accuracy.go, schedules in schedule.go, partitions and
// their templates in partition.go, and what each conf gets in build_*.go. lineage.go follows each wait to the task that writes what it is for, and
// lineage_check.go tells the chain of a wait that cannot end. The rules are those of Chronon's jobs, not of the Airflow code that
// Chronon ships, which differs from them in many places.
//
// # What is written
//
// Generated files hold literals only. No conf is embedded, nothing is read while Airflow parses, nothing is a template. Text of a conf reaches
// a file through one encoder (pyliteral.go) and never a comment or an identifier. The same confs give the same bytes on every machine: input
// order, maps and clocks have no say, and neither has a [Cache] of files that did not change ([RenderCached]). A DAG's hash covers all that its
// tasks will use, so that a deploy can ask Airflow which content it parsed.
//
// The package imports no os, net or clock; files come through an [io/fs.FS].
package dagspec
