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
// DAGs come from files, as in Airflow: [Airflow.Put] changes the folder, and the DAG processor notices it as late as the real one
// does. A task does what its [Task.Do] says: how long it takes, how it ends, what it logs and pushes. Faults are put in the way of
// requests with [Airflow.Break].
//
// The package knows neither Chronon nor the client: it would otherwise prove that two parts share a mistake.
package airflowtest
