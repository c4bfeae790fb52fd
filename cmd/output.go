package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Formats of an answer. Auto is a table on a terminal and tab-separated values, without a header and without truncation, on a pipe.
const (
	formatAuto  = ""
	formatTable = "table"
	formatWide  = "wide"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatName  = "name"
	formatText  = "text"
)

// outputFlag is -o of a command that prints an answer.
type outputFlag struct {
	value   string
	allowed []string
}

// add declares the flag with the formats that the command knows.
func (f *outputFlag) add(cmd *cobra.Command, allowed ...string) {
	f.allowed = allowed
	cmd.Flags().StringVarP(&f.value, "output", "o", formatAuto, "format of the answer: "+strings.Join(allowed, ", "))
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("output", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return f.allowed, cobra.ShellCompDirectiveNoFileComp
	})
}

// also lets the command know more formats.
func (f *outputFlag) also(cmd *cobra.Command, more ...string) {
	f.allowed = append(f.allowed, more...)
	cmd.Flags().Lookup("output").Usage = "format of the answer: " + strings.Join(f.allowed, ", ")
}

// check refuses a format that the command does not know, and lets errors be JSON where the answer would be.
func (f *outputFlag) check(a *app) error {
	if f.value != formatAuto && !slices.Contains(f.allowed, f.value) {
		return usage(fmt.Errorf("-o %q: must be one of %s", f.value, strings.Join(f.allowed, ", ")))
	}
	a.jsonErrors = f.value == formatJSON || f.value == formatJSONL
	return nil
}
