package action

import (
	"fmt"
	"slices"
	"strings"
)

// RefusedError says why a change is not planned: Airflow would accept it, and it would not do what it is asked for. When several things are in the
// way it names them all, a line each.
type RefusedError struct {
	Reason string
	Next   string // what to do instead, empty when there is nothing
}

// Error is the reason.
func (r *RefusedError) Error() string { return r.Reason }

// Hint is the next step.
func (r *RefusedError) Hint() string { return r.Next }

// UnknownError says that what a change names does not exist.
type UnknownError struct {
	What string // "no DAG that this user may read on this Airflow has a job of this kind for payments.chekout.v1"
	Next string
}

// Error says what does not exist.
func (u *UnknownError) Error() string { return u.What }

// Hint names what comes near, or the next step.
func (u *UnknownError) Hint() string { return u.Next }

// refusals collects what is in the way of a change, so that all of it can be said at once.
type refusals []RefusedError

// add notes a reason, once: both ends of a range may be in the way for the same one.
func (r *refusals) add(reason, next string) {
	if one := (RefusedError{reason, next}); !slices.Contains(*r, one) {
		*r = append(*r, one)
	}
}

// err is nil when nothing is in the way.
func (r refusals) err() error {
	switch len(r) {
	case 0:
		return nil
	case 1:
		return &r[0]
	}
	all := &RefusedError{Reason: fmt.Sprintf("%d things are in the way:", len(r))}
	var next []string
	for _, one := range r {
		all.Reason += "\n" + one.Reason
		if one.Next != "" {
			next = append(next, one.Next)
		}
	}
	all.Next = strings.Join(next, "; ")
	return all
}
