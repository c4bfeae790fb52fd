// Package airflowtest is a simulated Airflow: true to what real ones were seen to answer, and run by a clock that tests control.
//
// # One world, two faces
//
// An [Airflow] holds DAGs, runs, task instances, logs and XComs, and serves them as /api/v1 (Airflow 2) or /api/v2 (Airflow 3), as
// its version says, with the paging, filters, error shapes and oddities of that version, the wrong ones among them. The same
// scenario served by both faces must look the same through the client; the contract table of package airflowclient holds real
// Airflows and this one to the same expectations.
//
// # Time
//
// Nothing runs in the background. What should have happened by now (a file is parsed, a run is made, a task ends) happens, in
// order, when somebody looks: a queue of events is played up to the present of [Options.Now]. An hour passes in no time, with the
// clock of testing/synctest or with a [Clock].
//
// # Files, runs, tasks
//
// DAGs come from files, as in Airflow: [Airflow.Put] changes the folder, or [Options.Folder] is one, and the DAG processor notices it as
// late as the real one does: new and removed files when the folder is listed, changed ones at once, a structure half a minute behind its
// description. What a text means as Python is the caller's to say ([Options.Parse]).
//
// A scheduler makes the runs that are due, within the limits of DAGs, tasks and pools, the heaviest tasks first. A task does what its
// [Task.Do] says: how long it takes, how it ends, what it logs and pushes; a sensor is asked again. Clears, marks and backfills change
// what runs, as they do in the sources of 2.11 and 3.3.
//
// # Trouble
//
// A [Fault] stands in the way of requests to a path, for a time or for a number of them ([Airflow.Break]). An [Incident] befalls the whole
// Airflow at a time ([Airflow.Schedule]): a scheduler that stops, a restart, a slow database, a clock that is wrong, DAGs that may not be read.
// [Scenarios] are fleets to look at.
//
// # Truth
//
// What is here was seen on real servers, or read in their sources where it takes too long to see. Package airflowclient holds this
// package to two tables: the contract, which real Airflows are held to in the same words, and the behaviours, which were taken down from real ones.
//
// The package knows neither Chronon nor the client: it would otherwise prove that two parts share a mistake.
package airflowtest
