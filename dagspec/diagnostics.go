package dagspec

import (
	"cmp"
	"fmt"
	"slices"
)

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
	File     string   `json:"file"`    // slash path below the repository; chrononctl.yaml for a setting
	Path     string   `json:"path"`    // JSON path inside the file, "metaData.dependencies[2]"; empty: the file as a whole
	Message  string   `json:"message"` // what is wrong
	Hint     string   `json:"hint"`    // what to do next
}

// String is the diagnostic on one line, without its hint: "production/joins/payments/checkout.v1: metaData.name: error: ... [name-mismatch]".
func (d Diagnostic) String() string {
	place := d.File
	if d.Path != "" {
		place += ": " + d.Path
	}
	if place != "" {
		place += ": "
	}
	return fmt.Sprintf("%s%s: %s [%s]", place, d.Severity, d.Message, d.Code)
}

// Diagnostics are all that was found, ordered by file, path and code.
type Diagnostics []Diagnostic

// Errors are the diagnostics that stop a deploy.
func (d Diagnostics) Errors() Diagnostics { return d.of(SeverityError) }

// Warnings are those that do not.
func (d Diagnostics) Warnings() Diagnostics { return d.of(SeverityWarning) }

func (d Diagnostics) of(severity Severity) Diagnostics {
	var found Diagnostics
	for _, diagnostic := range d {
		if diagnostic.Severity == severity {
			found = append(found, diagnostic)
		}
	}
	return found
}

// sorted is d in its documented order, each diagnostic once.
func (d Diagnostics) sorted() Diagnostics {
	out := slices.Clone(d)
	slices.SortFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message), cmp.Compare(a.Hint, b.Hint), cmp.Compare(a.Severity, b.Severity),
		)
	})
	return slices.Compact(out)
}

// findings collects what is wrong with one file.
type findings struct {
	file string
	list Diagnostics
}

func (f *findings) err(code, path, message, hint string) {
	f.list = append(f.list, Diagnostic{SeverityError, code, f.file, path, message, hint})
}

func (f *findings) warn(code, path, message, hint string) {
	f.list = append(f.list, Diagnostic{SeverityWarning, code, f.file, path, message, hint})
}

// failed says whether an error is among them.
func (f *findings) failed() bool {
	return slices.ContainsFunc(f.list, func(d Diagnostic) bool { return d.Severity == SeverityError })
}
