package cmd

import (
	"context"
	"errors"

	"chrononctl/airflowclient"
	"chrononctl/internal/config"
	"chrononctl/internal/deploy/target"
)

// ExitCode is what a script sees. The numbers are a promise: `chrononctl help exit-codes` prints them.
type ExitCode int

// The exit codes. The check commands alone follow the monitoring-plugin contract instead.
const (
	ExitDone         ExitCode = 0
	ExitFailed       ExitCode = 1
	ExitDifferent    ExitCode = 2
	ExitStale        ExitCode = 3
	ExitRefused      ExitCode = 4
	ExitRolledBack   ExitCode = 5
	ExitAttention    ExitCode = 6
	ExitUnverified   ExitCode = 7
	ExitPending      ExitCode = 8
	ExitRunFailed    ExitCode = 9
	ExitPermission   ExitCode = 10
	ExitNotFound     ExitCode = 11
	ExitUnreachable  ExitCode = 12
	ExitUsage        ExitCode = 64
	ExitInterrupted  ExitCode = 130
	exitCheckWarning ExitCode = 1
	exitCheckCrit    ExitCode = 2
	exitCheckUnknown ExitCode = 3
)

// exitMeanings is the text of `help exit-codes`, in order.
var exitMeanings = []struct {
	code    ExitCode
	meaning string
}{
	{ExitDone, "done; no difference; healthy"},
	{ExitFailed, "failed; nothing more was changed"},
	{ExitDifferent, "differences (plan --exit-code, drift), unhealthy (status and why --exit-code)"},
	{ExitStale, "stale plan, lock held by another, lost a race; nothing changed"},
	{ExitRefused, "refused by a guard: read-only, missing approval, risk not allowed"},
	{ExitRolledBack, "failed, rolled back, and the rollback verified"},
	{ExitAttention, "rollback incomplete: needs attention"},
	{ExitUnverified, "deployed, but not verified"},
	{ExitPending, "still pending: --timeout ran out, or cleanup is pending"},
	{ExitRunFailed, "the awaited run failed"},
	{ExitPermission, "authentication or permission"},
	{ExitNotFound, "not found"},
	{ExitUnreachable, "server unreachable"},
	{ExitUsage, "usage"},
	{ExitInterrupted, "interrupted"},
}

// codedError is an error of a command that knows its own exit code. An empty cause ends the program without a word:
// the command has said everything.
type codedError struct {
	code  ExitCode
	cause error
}

func (e codedError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e codedError) Unwrap() error { return e.cause }

// exit ends a command with a code. A nil cause ends it silently.
func exit(code ExitCode, cause error) error { return codedError{code, cause} }

// usage is a mistake on the command line.
func usage(cause error) error { return codedError{ExitUsage, cause} }

// exitCode is the one place that turns errors into codes.
func exitCode(err error) ExitCode {
	var coded codedError
	var noContext config.NoContextError
	var remote *airflowclient.Error
	var denied *target.DeniedError
	var unreachable *target.UnreachableError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &noContext):
		return ExitUsage
	case errors.As(err, &remote):
		return remoteCode(remote.Kind)
	case errors.As(err, &denied):
		return ExitPermission
	case errors.As(err, &unreachable):
		return ExitUnreachable
	default:
		return ExitFailed
	}
}

func remoteCode(kind airflowclient.Kind) ExitCode {
	switch kind {
	case airflowclient.KindAuth, airflowclient.KindPermission:
		return ExitPermission
	case airflowclient.KindNotFound:
		return ExitNotFound
	case airflowclient.KindUnreachable, airflowclient.KindTimeout, airflowclient.KindNotAirflow, airflowclient.KindRateLimited:
		return ExitUnreachable
	case airflowclient.KindConflict, airflowclient.KindInvalid, airflowclient.KindTooOld, airflowclient.KindUnsupported,
		airflowclient.KindServer:
		return ExitFailed
	default:
		return ExitFailed
	}
}
