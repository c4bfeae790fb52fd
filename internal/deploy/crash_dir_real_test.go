//go:build real

package deploy_test

import (
	"testing"

	"chrononctl/internal/deploy/target/targettest"
)

// The same matrix as in memory, complete, in a folder of the real file system.
func TestRealDeployToAFolderConvergesWhateverOperationFails(t *testing.T) {
	t.Parallel()
	converges(t, newSite, everyOne, targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn, targettest.DiskFull, targettest.FailOnce, targettest.Ambiguous, targettest.Interfere)
}
