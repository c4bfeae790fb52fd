package airflowclient

// Meter counts what a client has asked of a server, token exchanges and repetitions included.
type Meter struct {
	Requests int            // attempts that were sent
	Retries  int            // of these, repetitions of a read
	Failed   int            // of these, attempts that got no answer, or one with a status of 400 and more
	Sent     int64          // bytes of request bodies
	Received int64          // bytes of response bodies, unpacked
	ByOp     map[string]int // attempts by operation, "list DAG runs"
}
