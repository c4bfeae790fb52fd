package dagspec

// Severity says whether a diagnostic stops a deploy.
type Severity string

// An error is a conf that cannot be understood or placed; a warning one that will not do what its author hopes.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one thing that is wrong with a conf, with the place and the next step.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`    // stable, kebab-case, "conf-not-json"
	File     string   `json:"file"`    // slash path below the repository
	Path     string   `json:"path"`    // JSON path inside the file, "metaData.dependencies[2]"; empty: the file as a whole
	Message  string   `json:"message"` // what is wrong
	Hint     string   `json:"hint"`    // what to do next
}

// Diagnostics are all that was found, ordered by file, path and code.
type Diagnostics []Diagnostic
