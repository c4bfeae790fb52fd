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
// At most three requests are under way at a time, whoever sends them: operations, a [Feed], a [Tail], the fetching of tokens. Each attempt
// has a time limit, and a read has one on all its attempts together. Reads (the POST lists and dry runs among them)
// are repeated after a broken connection, 429, 502, 503 and 504, with growing, jittered delays or as long as Retry-After says; a 429 that
// says so holds back everything. A change is sent once. The one exception is a 401 with a token that could be renewed: what was refused has changed
// nothing. A change whose answer is lost ends in an error that is [Error.Ambiguous]. [Client.Requests] counts requests and bytes, in all and of the
// last minute, by what they are for.
//
// # Logs
//
// A log comes as structured messages, as a stream of them, in Python's notation, or as plain text; it is decoded while it arrives, so that
// a million lines take no more memory than one. A [Tail] fetches only what is new and hands on each line once.
//
// # Following a fleet
//
// A [Feed] keeps a picture of the DAGs, their active runs and those that ended lately. Two requests a tick see what starts and what
// ends, whatever the number of DAGs; a few more a minute see pauses, edits, import errors and health; once an hour everything that
// has ended is read again. It says how old each part of the picture is, and keeps the last good one while the server fails.
//
// # Credentials
//
// An [Authenticator] puts them on each request: [Basic] for Airflow 2, [TokenExchange] for Airflow 3, [Auto] for "user and password, whatever
// answers", [Bearer] and [ExpiringBearer] for gateways and managed services, [WebLogin] for Amazon's. Tokens are renewed after
// four fifths of their life and once after a 401, by one request for all that wait; a refusal is shared by them too. Credentials go to the
// configured scheme and host only, redirects to others are not followed, and plain http is refused for machines other than this one. A [Secret] prints as
// "***", and what a server repeats of a request is cleaned of them before it becomes part of an error. [TLS] names own authorities and a client certificate.
//
// # Errors
//
// Every call fails with an [*Error], which says what was tried, what [Kind] of failure it was and what Airflow said, in its own
// words, and has a Hint where there is a next step. Only a cancelled context comes back as itself, wrapped.
package airflowclient
