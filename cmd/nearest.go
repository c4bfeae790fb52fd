package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// shownNames is how many known names an error offers.
const shownNames = 5

// nameError says that there is no thing of a name, with the names that come nearest.
type nameError struct {
	message string
	hint    string // what helps when there are no names at all
	near    []string
	known   []string
}

func (e nameError) Error() string { return e.message }

func (e nameError) Hint() string {
	switch {
	case len(e.known) == 0:
		return e.hint
	case len(e.near) > 0:
		return "nearest: " + strings.Join(e.near, ", ")
	case len(e.known) > shownNames:
		return fmt.Sprintf("there are %d, such as %s", len(e.known), strings.Join(e.known[:shownNames], ", "))
	default:
		return "there are: " + strings.Join(e.known, ", ")
	}
}

// unknownName is the error for a name that none of the known ones is. hint is what helps when there is none.
func unknownName(message, hint, name string, known []string) error {
	return nameError{message: message, hint: hint, near: nearest(name, known), known: known}
}

// nearest are the names that hold the given one or are spelt nearly like it, best first, at most a few.
func nearest(given string, known []string) []string {
	given = strings.ToLower(given)
	distance := func(name string) int {
		name = strings.ToLower(name)
		if given != "" && strings.Contains(name, given) {
			return 0
		}
		return levenshtein.ComputeDistance(given, name)
	}
	var near []string
	for _, name := range known {
		if distance(name) <= max(2, len(given)/3) {
			near = append(near, name)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance(a) - distance(b) })
	return near[:min(len(near), shownNames)]
}
