package deploy

import (
	"fmt"
	"strings"
)

// EmptyError says that a release has no DAG. Nothing was changed: taking everything away is never a side effect.
type EmptyError struct{}

func (e *EmptyError) Error() string { return "the release has no DAG" }

// Hint says what to do about it.
func (e *EmptyError) Hint() string { return "check that the repository has compiled confs" }

// ForeignError says that files in the way are not ours, or were changed since we wrote them. Nothing was changed.
type ForeignError struct {
	Files []FileChange
}

func (e *ForeignError) Error() string {
	lines := make([]string, 0, len(e.Files)+1)
	lines = append(lines, fmt.Sprintf("%s in the way", count(len(e.Files), "file")))
	for _, file := range e.Files {
		lines = append(lines, file.Path+": "+file.Reason)
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do about it.
func (e *ForeignError) Hint() string {
	for _, file := range e.Files {
		if file.adoptable {
			return "move the file away, or adopt it"
		}
	}
	return "move the file away"
}

// StaleError says that the target is no longer what the plan was made from. Nothing was changed.
type StaleError struct {
	Reason string
}

func (e *StaleError) Error() string { return "the plan is stale: " + e.Reason }

// Hint says what to do about it.
func (e *StaleError) Hint() string { return "plan again" }

// VerifyError says which DAGs Airflow does not show as they should be.
type VerifyError struct {
	DAGs  []DAGResult // only those that are wrong
	Total int
}

// shown is how many DAGs an error lists; the result has them all.
const shown = 8

func (e *VerifyError) Error() string {
	lines := []string{fmt.Sprintf("%d of %s not live at this content", len(e.DAGs), count(e.Total, "DAG"))}
	for i, dag := range e.DAGs {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.DAGs)-shown))
			break
		}
		lines = append(lines, dag.String())
	}
	return strings.Join(lines, "\n")
}

// Hint says what to check when Airflow did not even see a file.
func (e *VerifyError) Hint() string {
	for _, dag := range e.DAGs {
		if dag.State == StateNotSeen {
			return "check that the target is the folder that Airflow scans, that no .airflowignore hides the file, and that the DAG processor runs; " +
				"without a forced refresh Airflow looks for new files every five minutes"
		}
	}
	return "mend the file that the trace names and deploy again"
}

// RolledBackError says that a deploy failed and everything is as it was before.
type RolledBackError struct {
	Cause    error
	To       string // the release that is live again; empty: there was none, and the new files are gone
	Verified bool   // Airflow was seen to show it
}

func (e *RolledBackError) Error() string {
	switch {
	case e.To == "":
		return fmt.Sprintf("%v\nthe new files were removed again: there was no earlier release", e.Cause)
	case e.Verified:
		return fmt.Sprintf("%v\nrolled back to %s, which was seen live again", e.Cause, e.To)
	default:
		return fmt.Sprintf("%v\nrolled back to %s", e.Cause, e.To)
	}
}

func (e *RolledBackError) Unwrap() error { return e.Cause }

// RollbackError says that a deploy failed, and that going back did not succeed either. The next deploy continues from here.
type RollbackError struct {
	Cause error  // why the deploy failed
	To    string // where it was going back to; empty: no release
	Err   error  // why that failed
}

func (e *RollbackError) Error() string {
	to := e.To
	if to == "" {
		to = "no release"
	}
	return fmt.Sprintf("%v\nrolling back to %s is incomplete: %v", e.Cause, to, e.Err)
}

// Unwrap gives both causes.
func (e *RollbackError) Unwrap() []error { return []error{e.Cause, e.Err} }

// Hint says what to do about it.
func (e *RollbackError) Hint() string {
	return "mend the cause and deploy again; every file in place is whole"
}

// UnverifiedError says that the release is in place and live, and that nobody has seen Airflow take it.
type UnverifiedError struct {
	Release string
	Cause   error // nil: verification was not wanted
}

func (e *UnverifiedError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("release %s is deployed and was not verified", e.Release)
	}
	return fmt.Sprintf("release %s is deployed but not verified: %v", e.Release, e.Cause)
}

func (e *UnverifiedError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *UnverifiedError) Hint() string {
	return "deploy again to verify it and to unpause its new DAGs; files that are in place are not written again"
}

// PendingError says that the release is deployed and verified, and that something after it is not done yet.
type PendingError struct {
	Release string
	What    string // "2 removed DAGs are still listed"
	Cause   error  // nil: time ran out
}

func (e *PendingError) Error() string {
	text := fmt.Sprintf("release %s is deployed and verified, but %s", e.Release, e.What)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *PendingError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *PendingError) Hint() string { return "deploy again to finish it" }

// PurgeError says that the history of a DAG was to be forgotten that the plan does not remove. Nothing was changed.
type PurgeError struct{ DAG string }

func (e *PurgeError) Error() string {
	return "the history of " + e.DAG + " cannot be purged: the plan does not remove this DAG"
}

// Hint says what to do about it.
func (e *PurgeError) Hint() string {
	return "only a deploy that removes a DAG and sees it go purges its history"
}

// SupersededError says that Airflow shows another release than the one that was deployed or that was there before: somebody
// deploys to the same Airflow from another place. Nothing of theirs was touched.
type SupersededError struct {
	Release string // the one that Airflow shows
}

func (e *SupersededError) Error() string {
	return fmt.Sprintf("Airflow shows release %s, which another target has deployed", e.Release)
}

// Hint says what to do about it.
func (e *SupersededError) Hint() string {
	return "let one target alone deploy to an Airflow"
}

// AbandonedError says that a deploy lost its lock after it had begun to change files. It stopped there: what is in place belongs to whoever has the lock now.
type AbandonedError struct {
	During Step
	Cause  error
}

func (e *AbandonedError) Error() string {
	return fmt.Sprintf("stopped during %s: %v", e.During, e.Cause)
}

func (e *AbandonedError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *AbandonedError) Hint() string {
	return "every file in place is whole; the next deploy continues from here"
}

// InterruptedError says where a deploy was stopped. Every file that Airflow sees is whole; the next deploy continues.
type InterruptedError struct {
	During Step
	Cause  error
}

func (e *InterruptedError) Error() string {
	return fmt.Sprintf("interrupted during %s: %v", e.During, e.Cause)
}

func (e *InterruptedError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *InterruptedError) Hint() string { return "deploy again to finish it" }

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
