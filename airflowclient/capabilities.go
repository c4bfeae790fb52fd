package airflowclient

// Capabilities is what differs between Airflow versions, as facts to ask instead of version numbers.
type Capabilities struct {
	Reparse bool // PUT parseDagFile: 2.10 and later, all of 3.x
}
