package dagspec_test

import (
	"testing"

	"chrononctl/dagspec"
)

func TestContentHash(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"Joins of payments [cc:3f2a9c1b7d10]":   "3f2a9c1b7d10",
		"Joins of payments [cc:3f2a9c1b7d10] ":  "3f2a9c1b7d10",
		"[cc:3f2a9c1b7d10] and more":            "",
		"[cc:3F2A9C1B7D10]":                     "",
		"[cc:3f2a9c1b7d1]":                      "",
		"":                                      "",
		"[cc:000000000000] x [cc:111111111111]": "111111111111",
	} {
		if got := dagspec.ContentHash(description); got != want {
			t.Errorf("ContentHash(%q) = %q, want %q", description, got, want)
		}
	}
}
