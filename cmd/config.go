package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"chrononctl/internal/config"
	"chrononctl/internal/term"
)

func newInitCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a commented chrononctl.yaml beside teams.json",
		Long: "Writes the project file of the repository, with every key explained and commented out, so that it changes nothing yet.\n" +
			"A file that is there is never touched.",
		Example: "  chrononctl init --repo ~/chronon",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.runInit() },
	}
}

func (a *app) runInit() (err error) {
	root, err := a.findRepo()
	if err != nil {
		return err
	}
	path := filepath.Join(root, config.ProjectFile)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return hinted{fmt.Errorf("init: %s is there already and stays as it is", path), `see what holds with "chrononctl config show --explain"`}
	}
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("init: %w", closeErr)
		}
	}()
	if _, err := file.WriteString(config.Template()); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	fmt.Fprintf(a.Streams.Out, "wrote %s\n", path)
	return nil
}

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings of the repository and where they come from",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newConfigShowCmd(a), newConfigSchemaCmd(a))
	return cmd
}

func newConfigSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of chrononctl.yaml",
		Long:  "Prints the JSON Schema (2020-12) of the project file. Editors complete and check the file with it.",
		Example: "  chrononctl config schema > chrononctl.schema.json\n" +
			"  # and as the first line of chrononctl.yaml, for editors that use yaml-language-server:\n" +
			"  # yaml-language-server: $schema=chrononctl.schema.json",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			out, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = a.Streams.Out.Write(out)
			return err
		},
	}
}

func newConfigShowCmd(a *app) *cobra.Command {
	var output outputFlag
	explain := false
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the settings that hold, defaults included",
		Long: "Prints a project file that says all that holds for the repository, defaults included. With --explain it is a table of every key\n" +
			"with its value and where that comes from: a line of the file, or the default.",
		Example: "  chrononctl config show\n  chrononctl config show --explain\n  chrononctl config show -o json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.runConfigShow(output, explain) },
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "say for every key where its value comes from")
	output.add(cmd, formatText, formatJSON)
	return cmd
}

// settingJSON is one key of config show as JSON.
type settingJSON struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`  // null: nothing was said, and nothing is assumed
	Source string `json:"source"` // "default", or file:line
}

func (a *app) runConfigShow(output outputFlag, explain bool) error {
	if err := output.check(a); err != nil {
		return err
	}
	found, err := a.repository()
	if err != nil {
		return err
	}
	if output.value == formatJSON {
		all := []settingJSON{}
		for _, s := range found.Project.Explain() {
			all = append(all, settingJSON{Key: s.Key, Value: s.Value, Source: sourceOf(s)})
		}
		a.writeJSON(a.Streams.Out, all)
		return nil
	}
	if explain {
		a.printSettings(found.Project.Explain())
		return nil
	}
	out, err := found.Project.YAML()
	if err != nil {
		return err
	}
	_, err = a.Streams.Out.Write(out)
	return err
}

// sourceOf is where a setting comes from.
func sourceOf(s config.Setting) string {
	if s.Line == 0 {
		return "default"
	}
	return fmt.Sprintf("%s:%d", config.ProjectFile, s.Line)
}

// printSettings prints key, value and source: columns on a terminal, tab-separated values on a pipe.
func (a *app) printSettings(settings []config.Setting) {
	rows := make([][]string, 0, len(settings))
	for _, s := range settings {
		value := s.Text()
		if value == "" {
			value = "-"
		}
		row := []string{term.Clean(s.Key), term.Clean(value), sourceOf(s)}
		if !a.Streams.OutTerminal {
			writeTSV(a.Streams.Out, row...)
		}
		rows = append(rows, row)
	}
	if a.Streams.OutTerminal {
		writeTable(a.Streams.Out, []string{"KEY", "VALUE", "SOURCE"}, rows)
	}
}
