package cmd

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/term"
)

// formatGitHub prints findings as workflow commands, which GitHub shows beside the files of a pull request.
const formatGitHub = "github"

func newValidateCmd(a *app) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the compiled confs and teams.json",
		Long: "Reads the confs of the repository as generate and deploy do, and prints everything that is wrong with them: errors, which stop a deploy,\n" +
			"and warnings. The exit code is 1 if there is an error.",
		Example: "  chrononctl validate\n  chrononctl validate -o github",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.runValidate(output) },
	}
	output.add(cmd, formatText, formatJSON, formatGitHub)
	return cmd
}

// validation is the answer of validate as JSON.
type validation struct {
	Confs       int                 `json:"confs"`
	DAGs        int                 `json:"dags"`
	Errors      int                 `json:"errors"`
	Warnings    int                 `json:"warnings"`
	Diagnostics dagspec.Diagnostics `json:"diagnostics"`
}

func (a *app) runValidate(output outputFlag) error {
	if err := output.check(a); err != nil {
		return err
	}
	found, err := a.repository()
	if err != nil {
		return err
	}
	defer fewCollections()()
	settings := found.Project.Settings
	repo, _ := dagspec.Load(os.DirFS(found.Root), settings) // its diagnostics come back with those of Build
	defs := dagspec.Build(repo, settings)
	answer := validation{
		Confs: len(repo.Confs) + len(repo.Broken), DAGs: len(defs.DAGs),
		Errors: len(defs.Diagnostics.Errors()), Warnings: len(defs.Diagnostics.Warnings()), Diagnostics: defs.Diagnostics,
	}
	switch output.value {
	case formatJSON:
		if answer.Diagnostics == nil {
			answer.Diagnostics = dagspec.Diagnostics{}
		}
		a.writeJSON(a.Streams.Out, answer)
	case formatGitHub:
		for _, d := range answer.Diagnostics {
			fmt.Fprintln(a.Streams.Out, githubLine(d, a.fromHere(found.Root)))
		}
	default:
		a.printValidation(answer)
	}
	if answer.Errors > 0 {
		return exit(ExitFailed, nil)
	}
	return nil
}

// printValidation prints findings for people, with a last line that sums them up.
func (a *app) printValidation(v validation) {
	for _, d := range v.Diagnostics {
		fmt.Fprintln(a.Streams.Out, term.Clean(d.String()))
		if d.Hint != "" {
			fmt.Fprintf(a.Streams.Out, "  hint: %s\n", term.Clean(d.Hint))
		}
	}
	fmt.Fprintf(a.Streams.Out, "%s, %s: %s, %s\n", counted(v.Confs, "conf"), counted(v.DAGs, "DAG"), counted(v.Errors, "error"), counted(v.Warnings, "warning"))
}

// fromHere is the path from the working directory to a folder, which is what annotations are relative to; the folder itself where there is none.
func (a *app) fromHere(dir string) string {
	relative, err := filepath.Rel(a.Dir, dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(relative)
}

// githubLine is one finding as a workflow command. Text of a conf must not end the command or begin another one.
func githubLine(d dagspec.Diagnostic, root string) string {
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := d.Message
	if d.Path != "" {
		message = d.Path + ": " + message
	}
	if d.Hint != "" {
		message += "\nhint: " + d.Hint
	}
	where := ""
	if d.File != "" {
		where = "file=" + property.Replace(term.Clean(path.Join(root, d.File))) + ","
	}
	return fmt.Sprintf("::%s %stitle=%s::%s", d.Severity, where, property.Replace(d.Code), text.Replace(term.CleanLines(message)))
}
