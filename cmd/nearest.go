package cmd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// shownNames is how many known names an error offers.
const shownNames = 5

// nameError says that there is no thing of a name, with the names that come nearest.
type nameError struct {
	message string
	hint    string // where all names can be seen; empty: nowhere
	near    []string
}

func (e nameError) Error() string { return e.message }

func (e nameError) Hint() string {
	if len(e.near) == 0 {
		return e.hint
	}
	return "nearest: " + strings.Join(e.near, ", ")
}

// unknownName is the error for a name that none of the known ones is. hint is what helps when there is none.
func unknownName(message, hint, name string, known []string) error {
	return nameError{message: message, hint: hint, near: nearest(name, known)}
}

// nearest are the names that hold the given one, else those that are spelt most alike, at most a few.
func nearest(given string, known []string) []string {
	given = strings.ToLower(given)
	distance := func(name string) int {
		name = strings.ToLower(name)
		if strings.Contains(name, given) || strings.Contains(given, name) {
			return 0
		}
		return levenshtein.ComputeDistance(given, name)
	}
	sorted := slices.Clone(known)
	slices.SortFunc(sorted, func(a, b string) int { return cmp.Or(distance(a)-distance(b), cmp.Compare(a, b)) })
	return sorted[:min(len(sorted), shownNames)]
}
