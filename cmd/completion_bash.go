package cmd

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

//go:embed completion_words.bash
var wordsOfBash string

// addBashWords puts before the completion of bash what that needs of the package bash-completion, which is not on every machine: without it each TAB would
// print that a command was not found.
func addBashWords(root *cobra.Command, args []string) {
	root.InitDefaultCompletionCmd(args...)
	bash, _, err := root.Find([]string{"completion", "bash"})
	if err != nil || bash.RunE == nil {
		return
	}
	script := bash.RunE
	bash.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := fmt.Fprint(cmd.OutOrStdout(), wordsOfBash); err != nil {
			return err
		}
		return script(cmd, args)
	}
	bash.Long = "Generate the completion script for bash 4.1 or newer, with the package bash-completion or without.\n\n" +
		"For this shell:\n\n\tsource <(chrononctl completion bash)\n\n" +
		"For every new one, put that line into ~/.bashrc, or, where bash-completion is installed, once:\n\n" +
		"\tchrononctl completion bash > ~/.local/share/bash-completion/completions/chrononctl\n\n" +
		"Words in quotes are not completed."
}
