package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// TestDeployEndsInTheDocumentedCode holds each way in which a deploy can end to its exit code, with causes that have codes of their own.
func TestDeployEndsInTheDocumentedCode(t *testing.T) {
	t.Parallel()
	away := &airflowclient.Error{Op: "list DAGs", Kind: airflowclient.KindUnreachable}
	slow := &airflowclient.Error{Op: "list DAGs", Kind: airflowclient.KindTimeout}
	denied := &airflowclient.Error{Op: "list DAGs", Kind: airflowclient.KindPermission}
	full := &os.PathError{Op: "write", Path: "a.py", Err: syscall.ENOSPC}
	lost := &target.LostError{}
	for name, end := range map[string]struct {
		err  error
		code ExitCode
	}{
		"done":                                    {nil, ExitDone},
		"Airflow is away before anything":         {away, ExitUnreachable},
		"Airflow is too slow before anything":     {slow, ExitUnreachable},
		"Airflow refuses the user":                {denied, ExitPermission},
		"Airflow goes away while it is verified":  {&deploy.UnverifiedError{Cause: away}, ExitUnverified},
		"nobody looked":                           {&deploy.UnverifiedError{}, ExitUnverified},
		"the disk is full before anything shows":  {full, ExitFailed},
		"the disk is full, and it was taken back": {&deploy.RolledBackError{Cause: full}, ExitRolledBack},
		"the disk stays full":                     {&deploy.RollbackError{Cause: full, Err: full}, ExitAttention},
		"the target may not be written":           {&os.PathError{Op: "open", Path: "a.py", Err: syscall.EACCES}, ExitPermission},
		"a definition does not import":            {&deploy.RolledBackError{Cause: &deploy.VerifyError{}, To: "r1", Verified: true}, ExitRolledBack},
		"rolling back failed as Airflow is away":  {&deploy.RollbackError{Cause: &deploy.VerifyError{}, Err: away}, ExitAttention},
		"another deploy holds the lock":           {&target.LockedError{}, ExitStale},
		"the plan is stale":                       {&deploy.StaleError{}, ExitStale},
		"the lock is lost before anything":        {lost, ExitStale},
		"the lock is lost after something":        {&deploy.AbandonedError{During: deploy.StepUpload, Cause: lost}, ExitAttention},
		"another target's release is there":       {&deploy.SupersededError{}, ExitUnverified},
		"a foreign file":                          {&deploy.ForeignError{}, ExitRefused},
		"a risk":                                  {&deploy.RiskError{}, ExitRefused},
		"no DAG at all":                           {&deploy.EmptyError{}, ExitRefused},
		"the history of a DAG that stays":         {&deploy.PurgeError{}, ExitRefused},
		"cleanup is pending":                      {&deploy.PendingError{Cause: away}, ExitPending},
		"interrupted":                             {&deploy.InterruptedError{Cause: context.Canceled}, ExitInterrupted},
		"no such release":                         {&deploy.UnknownReleaseError{}, ExitNotFound},
		"no such lock":                            {&target.NotHeldError{}, ExitNotFound},
		"no such team":                            {&deploy.UnknownTeamError{}, ExitNotFound},
		"no plan":                                 {&deploy.PlanFileError{}, ExitUsage},
		"a target that is not there":              {&target.NoFolderError{}, ExitFailed},
		"an audit that was changed":               {&deploy.AuditError{}, ExitFailed},
		"anything else":                           {errors.New("x"), ExitFailed},
	} {
		if got := exitCode(deployError(wrapped(end.err))); got != end.code {
			t.Errorf("%s: exit code %d, want %d", name, got, end.code)
		}
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("deploy to dir /srv/dags: %w", err)
}
