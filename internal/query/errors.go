package query

import (
	"fmt"
	"strings"
)

// Error says everything that is wrong with a query.
type Error struct {
	Query    string
	Problems []Problem
}

// Problem is one mistake in a query.
type Problem struct {
	At      int    // byte offset of the term in the query
	Message string // what is wrong, a clause
	Hint    string // what would be right, empty if nothing is near
}

func (e *Error) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = fmt.Sprintf("at character %d: %s", len([]rune(e.Query[:p.At]))+1, p.Message)
	}
	return "filter " + fmt.Sprintf("%q", e.Query) + ": " + strings.Join(parts, "; ")
}

// Hint is the next step of every problem that has one.
func (e *Error) Hint() string {
	var hints []string
	for _, p := range e.Problems {
		if p.Hint != "" {
			hints = append(hints, p.Hint)
		}
	}
	return strings.Join(hints, "; ")
}
