package airflowtest

import (
	"cmp"
	"fmt"
)

// since reports whether the simulated version is the given one or later.
func (a *Airflow) since(major, minor, patch int) bool {
	var x, y, z int
	_, _ = fmt.Sscanf(a.opts.Version, "%d.%d.%d", &x, &y, &z) // what cannot be read stays 0
	return cmp.Or(cmp.Compare(x, major), cmp.Compare(y, minor), cmp.Compare(z, patch)) >= 0
}
