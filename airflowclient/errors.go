package airflowclient

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what went wrong, so that callers can decide without reading text or status codes.
type Kind uint8

// The kinds of failure.
const (
	KindServer      Kind = iota // Airflow failed: 5xx, or an answer that cannot be read
	KindAuth                    // not authenticated: 401, or sent to a login page
	KindPermission              // authenticated, and not allowed: 403
	KindNotFound                // 404
	KindConflict                // 409: it exists already, or runs
	KindInvalid                 // Airflow does not accept the request: 400, 422; or the configuration is wrong
	KindUnreachable             // no connection, or it broke
	KindTimeout                 // no answer in time
	KindNotAirflow              // something else answers at this address
	KindTooOld                  // this Airflow cannot do it
	KindRateLimited             // 429: too many requests, see [Error.Wait]
	KindUnsupported             // 405, 501, or a service in between that does not carry the request; a newer Airflow changes nothing
)

// String is the kind in words that continue "operation: ".
func (k Kind) String() string {
	switch k {
	case KindServer:
		return "airflow failed"
	case KindAuth:
		return "not authenticated"
	case KindPermission:
		return "not permitted"
	case KindNotFound:
		return "not found"
	case KindConflict:
		return "conflict"
	case KindInvalid:
		return "not accepted"
	case KindUnreachable:
		return "cannot reach airflow"
	case KindTimeout:
		return "no answer in time"
	case KindNotAirflow:
		return "not an airflow"
	case KindTooOld:
		return "airflow is too old"
	case KindRateLimited:
		return "too many requests"
	case KindUnsupported:
		return "not supported here"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is the one type of error that calls of a [Client] end in, except for a cancelled context, which is returned as it is, wrapped.
type Error struct {
	Op     string // what was tried, "list DAG runs"
	Kind   Kind
	Status int           // HTTP status, 0 without an answer
	Detail string        // what Airflow or the network said, in its own words, one line
	URL    string        // address of the request without query and credentials
	Wait   time.Duration // how long the server asks to wait before the next request; 0: it does not say

	// Ambiguous says that the request was a change, left this machine, and nobody said what became of it: it may have been made.
	// It was not sent again. Look before sending it once more, or send what a second time ends in a conflict.
	Ambiguous bool

	hint string
	err  error
}

// Error is "operation: kind (HTTP status): detail".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Ambiguous {
		b.WriteString("; the change may have been made all the same")
	}
	return b.String()
}

// Hint is the next step for a person, "" when there is none.
func (e *Error) Hint() string { return e.hint }

// Brief is what is wrong with Airflow in a few words, for where there is no room for the sentence.
func (e *Error) Brief() string {
	switch e.Kind {
	case KindAuth:
		return "not signed in"
	case KindPermission:
		return "no permission"
	case KindUnreachable:
		return "no answer"
	case KindTimeout:
		return "too slow"
	case KindServer, KindNotFound, KindConflict, KindInvalid, KindNotAirflow, KindTooOld, KindRateLimited, KindUnsupported:
	}
	return e.Kind.String()
}

// Unwrap is the cause below, if any.
func (e *Error) Unwrap() error { return e.err }

// IsNotFound reports whether err says that the thing does not exist.
func IsNotFound(err error) bool { return isKind(err, KindNotFound) }

// IsConflict reports whether err says that the thing exists already, or is at work.
func IsConflict(err error) bool { return isKind(err, KindConflict) }

// IsAuth reports whether err says that the credentials are missing or wrong.
func IsAuth(err error) bool { return isKind(err, KindAuth) }

// IsPermission reports whether err says that the user is known and may not do this.
func IsPermission(err error) bool { return isKind(err, KindPermission) }

// IsInvalid reports whether err says that Airflow does not accept the request as it is.
func IsInvalid(err error) bool { return isKind(err, KindInvalid) }

// IsUnavailable reports whether err says that Airflow could not be reached or did not answer in time: it may work a moment later.
func IsUnavailable(err error) bool { return isKind(err, KindUnreachable) || isKind(err, KindTimeout) }

// IsNotAirflow reports whether err says that something else answers at the address.
func IsNotAirflow(err error) bool { return isKind(err, KindNotAirflow) }

// IsTooOld reports whether err says that this Airflow lacks the operation.
func IsTooOld(err error) bool { return isKind(err, KindTooOld) }

// IsRateLimited reports whether err says that too many requests came.
func IsRateLimited(err error) bool { return isKind(err, KindRateLimited) }

// IsUnsupported reports whether err says that this Airflow, or what stands before it, does not do this at all.
func IsUnsupported(err error) bool { return isKind(err, KindUnsupported) }

// IsAmbiguous reports whether err leaves open whether a change was made, see [Error.Ambiguous].
func IsAmbiguous(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Ambiguous
}

func isKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
