// Package airflowclient talks to one Airflow, 2.6 and later or 3.x, in one neutral model.
//
// # One client, two dialects
//
// Airflow 2 serves /api/v1, Airflow 3 serves /api/v2. They differ in paths, names, defaults, filters, what may be null and how errors
// look. A [Client] asks once which of the two answers, and from then on the unexported dialect does the talking: v1 builds its
// requests with github.com/apache/airflow-client-go, v2 with a small client of its own. Callers never see a version; what an Airflow
// cannot do is a field of [Capabilities], and an operation that it lacks ends in an error of kind [KindTooOld].
//
// # Reading what servers send
//
// Servers are newer than clients. A state, run type or trigger rule that nobody has heard of is kept as it is; a member of an
// unexpected type costs that member and not the row, a bad row costs itself and not the page, and [Client.Warnings] says so. Lists
// are read to their end by the rows that really came, because servers cut pages silently. Times may lack a zone (then they are UTC) and are UTC here.
//
// # Manners
//
// At most three requests are under way at a time, each attempt has a time limit, and reads (the POST lists and dry runs among them)
// are repeated after a broken connection, 429, 502, 503 and 504, with growing, jittered delays or as long as Retry-After says. A
// change is sent once. The one exception is a 401 with a token that could be renewed: what was refused has changed nothing.
// [Client.Requests] counts everything.
//
// # Changes
//
// Each change is one request that says everything it means, because the defaults of the two APIs differ, and dry runs are reads. An
// error for which [IsAmbiguous] holds leaves open whether the change was made. [Each] carries out many at a bounded pace.
//
// A backfill is one request on Airflow 3 ([Client.StartBackfill]). Airflow 2 has none over REST, so [Client.BackfillByRuns] makes the same
// runs one by one; [Client.PlanBackfill] lists their dates on both. One trap is refused there: a run that is triggered for a date before
// the DAG's start date succeeds without running a task.
//
// # Following a fleet
//
// A [Feed] keeps a picture of the DAGs, their active runs and those that ended lately. Two requests a tick see what starts and what
// ends, whatever the number of DAGs; a few more a minute see pauses, edits, import errors and health; once an hour everything that
// has ended is read again. It says how old each part of the picture is, and keeps the last good one while the server fails.
//
// # Credentials
//
// An [Authenticator] puts them on each request: [Basic] for Airflow 2, [TokenExchange] for Airflow 3, [Bearer] for gateways and
// managed services, [Auto] for "user and password, whatever answers". They go to the configured scheme and host only, redirects
// to others are not followed, and plain http is refused for machines other than this one. A [Secret] prints as "***".
//
// # Errors
//
// Every call fails with an [*Error], which says what was tried, what [Kind] of failure it was and what Airflow said, in its own
// words, and has a Hint where there is a next step. Only a cancelled context comes back as itself, wrapped.
package airflowclient
