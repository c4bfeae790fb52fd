package airflowclient

import (
	"cmp"
	"strconv"
	"strings"
)

// release is the number of an Airflow release. What follows it is dropped: "2.10.5+astro.4" is 2.10.5, "3.1.0rc2" is 3.1.0.
type release struct{ major, minor, patch int }

// parseRelease reads the version of an answer to /version; false means that it is none.
func parseRelease(text string) (release, bool) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) < 2 {
		return release{}, false
	}
	var numbers [3]int
	for i, part := range parts {
		digits := len(part)
		if end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
			digits = end
		}
		number, err := strconv.Atoi(part[:digits])
		if err != nil {
			return release{}, false
		}
		numbers[i] = number
	}
	return release{numbers[0], numbers[1], numbers[2]}, true
}

// since reports whether r is the given release or a later one.
func (r release) since(first release) bool {
	return cmp.Or(cmp.Compare(r.major, first.major), cmp.Compare(r.minor, first.minor), cmp.Compare(r.patch, first.patch)) >= 0
}
