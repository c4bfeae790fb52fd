// Package acceptance proves the definitions on real Airflows, from the outside: it holds nothing but tests with the build tag real.
//
// A small Chronon repository of its own (testdata/repo, compiled by chronon-ai's compile.py) has every mode that the generator emits. The built
// chrononctl generates its DAGs; a real local Airflow, of either version, runs them over a backlog of days; the jobs are those of the
// real run.py. Only Spark is stood in for, by the sample's stand-in, and every program on the way is recorded: its command line, its
// environment, when it began and when it ended. The tests then hold these records, the states in Airflow and the partitions in the store to what
// `chrononctl generate --format json` promised.
//
// One Airflow per version carries all of it:
//
//   - definitions_real_test.go tells the story of a backlog with two tables that are late, an upload that must wait for a KV load,
//     and a run whose configuration nobody understands;
//   - hive_real_test.go has the waits of a second repository (testdata/hive) ask a real Hive metastore, of the package metastore: it is down,
//     a table of it does not exist, and a partition of it lands;
//   - records_test.go reads what was recorded, promise_test.go what was promised, site_test.go lays everything out.
//
// After a change of the confs' sources, compile them again as the sample's README.md says.
package acceptance
