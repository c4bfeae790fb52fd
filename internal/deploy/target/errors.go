package target

import "fmt"

// DeniedError says that a target knows us and refuses, or does not know us. Nothing was changed by the call that it ended.
type DeniedError struct {
	Target string
	Doing  string // "write s3://bucket/dags/a.py"
	Advice string // the next step, in the terms of the provider
	Cause  error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s: permission denied: %s: %v", e.Target, e.Doing, e.Cause)
}

func (e *DeniedError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *DeniedError) Hint() string { return e.Advice }

// UnreachableError says that a target did not answer. What the call was to do may have happened.
type UnreachableError struct {
	Target string
	Cause  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s does not answer: %v", e.Target, e.Cause)
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// Hint says what to do about it.
func (e *UnreachableError) Hint() string {
	return "check the address of the target and the network; deploying again takes up where this stopped"
}
