package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// version is the release of this program; it stands in user agents and manifests.
const version = "0.1.0"

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			fmt.Fprintf(a.Streams.Out, "chrononctl %s\n", version)
		},
	}
}

// newExitCodesCmd is a help topic: cobra lists a command that does nothing as one.
func newExitCodesCmd(_ *app) *cobra.Command {
	var text strings.Builder
	text.WriteString("Every command ends with one of these codes. The check commands alone follow the monitoring-plugin contract:\n" +
		"0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n\n")
	for _, e := range exitMeanings {
		fmt.Fprintf(&text, "  %3d  %s\n", e.code, e.meaning)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: text.String()}
}
