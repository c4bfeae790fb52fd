package cmd

import "github.com/spf13/cobra"

// addCommands hangs every command that works on confs or on an Airflow below the root.
func addCommands(root *cobra.Command, a *app) {
	for _, add := range []func(*app) *cobra.Command{
		// Each command's file has its constructor; the order here is that of the help text.
		newDemoCmd,
		newInitCmd,
		newConfigCmd,
		newContextCmd,
		newDoctorCmd,
		newValidateCmd,
		newGenerateCmd,
		newPlanCmd,
		newDeployCmd,
		newRollbackCmd,
		newHistoryCmd,
		newDriftCmd,
		newStatusCmd,
		newWhyCmd,
		newCheckCmd,
		newStreamingCmd,
		newFreshnessCmd,
		newJoinsCmd,
		newConsistencyCmd,
		newRunsCmd,
		newTasksCmd,
		newLogsCmd,
		newTriggerCmd,
		newPauseCmd,
		newUnpauseCmd,
		newClearCmd,
		newMarkCmd,
		newRestartCmd,
		newUploadCmd,
		newBackfillCmd,
		newWaitCmd,
		newActivityCmd,
		newUndoCmd,
		newAPICmd,
	} {
		root.AddCommand(add(a))
	}
}
