package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/term"
)

// generateOptions are the flags of generate.
type generateOptions struct {
	dir       string
	format    string
	diff      string
	keepGoing bool
}

// Formats of generate.
const (
	generateFiles = "files"
	generateJSON  = "json"
)

func newGenerateCmd(a *app) *cobra.Command {
	opts := generateOptions{}
	cmd := &cobra.Command{
		Use:   "generate (-o DIR | --diff DIR | --format json)",
		Short: "Write the DAG files of the repository into a folder",
		Long: "Generates the Airflow DAG files of the repository and writes them into a folder, or prints the definition of every DAG as JSON for other\n" +
			"orchestrators. The same confs give the same bytes on every machine.\n\n" +
			"Files are replaced one by one and only where they differ. Generated DAG files of an earlier run that nothing asks for any more are removed;\n" +
			"confs and runtimes of an earlier run stay, since running tasks may use them. A file that chrononctl did not write is never touched.\n\n" +
			"With --diff nothing is written: the DAG files in a folder are compared with what the confs ask for now, and each change is told with what it\n" +
			"means for the runs. --format json gives the same as a list.",
		Example: "  chrononctl generate -o build/dags\n  chrononctl generate --format json | jq '.dags[].id'\n  chrononctl generate --diff build/dags",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.runGenerate(opts) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.dir, "output", "o", "", "folder to write the files into; it is made if it does not exist")
	flags.StringVar(&opts.format, "format", generateFiles, "files, or json to print the definitions")
	flags.StringVar(&opts.diff, "diff", "", "folder of generated DAG files to compare with; nothing is written")
	flags.BoolVar(&opts.keepGoing, "keep-going", false, "leave out the confs that have an error, generate the rest, and remove nothing")
	_ = cmd.MarkFlagDirname("output")
	_ = cmd.MarkFlagDirname("diff")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{generateFiles, generateJSON}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check refuses flags that do not go together.
func (o generateOptions) check() error {
	switch {
	case o.format != generateFiles && o.format != generateJSON:
		return usage(fmt.Errorf("--format %q: must be %s or %s", o.format, generateFiles, generateJSON))
	case o.diff != "":
		return o.checkDiff()
	case o.format == generateFiles && o.dir == "":
		return usage(hinted{errors.New("generate: there is no folder to write into"), "name one with -o DIR, or print the definitions with --format json"})
	case o.format == generateJSON && o.dir != "":
		return usage(hinted{errors.New("generate: --format json is printed, and -o is a folder for DAG files"), "redirect the output: chrononctl generate --format json > dags.json"})
	default:
		return nil
	}
}

// hinted is an error with its next step.
type hinted struct {
	error
	hint string
}

func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

func (a *app) runGenerate(opts generateOptions) error {
	if err := opts.check(); err != nil {
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
	for _, diagnostic := range defs.Diagnostics {
		a.sayDiagnostic(diagnostic)
	}
	if err := generateBlocked(defs, found.Root, opts.keepGoing); err != nil {
		return err
	}
	a.sayLeftOut(defs)
	if opts.diff != "" {
		return a.runGenerateDiff(opts, defs)
	}
	if opts.format == generateJSON {
		out, err := dagspec.Export(defs, "chrononctl "+version)
		if err != nil {
			return err
		}
		_, err = a.Streams.Out.Write(out)
		return err
	}
	files, err := dagspec.RenderCached(defs, repo, settings, a.dagFileCache())
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	return a.writeFiles(opts.dir, files, defs)
}

// generateBlocked says whether errors stop the generation: all of them do, and with --keep-going those that are not about one conf.
func generateBlocked(defs dagspec.Definitions, root string, keepGoing bool) error {
	errs := defs.Diagnostics.Errors()
	shared := slices.DeleteFunc(slices.Clone(errs), func(d dagspec.Diagnostic) bool {
		return slices.ContainsFunc(defs.LeftOut, func(left dagspec.LeftOut) bool { return left.File == d.File })
	})
	if keepGoing {
		errs = shared
	}
	if len(errs) == 0 {
		return nil
	}
	err := fmt.Errorf("generate: %s in %s; nothing was written", counted(len(errs), "error"), root)
	if len(shared) > 0 {
		return hinted{err, "mend what is named above; where more than one conf is concerned, --keep-going cannot leave it out"}
	}
	return hinted{err, "mend the confs, or leave them out with --keep-going"}
}

// sayLeftOut tells which DAGs are incomplete, on stderr.
func (a *app) sayLeftOut(defs dagspec.Definitions) {
	for _, left := range defs.LeftOut {
		fmt.Fprintf(a.Streams.Err, "chrononctl: left out %s: incomplete without it: %s\n", term.Clean(left.File), term.Clean(strings.Join(left.DAGs, ", ")))
	}
}

// writeFiles writes a release into a folder and prints what it did. Where confs were left out, nothing is removed: a file that is not written may
// hold their last good definition.
func (a *app) writeFiles(dir string, files []dagspec.File, defs dagspec.Definitions) error {
	dir = a.path(dir)
	changes, err := planFiles(dir, files)
	if err != nil {
		return err
	}
	if len(defs.LeftOut) > 0 {
		changes.remove = nil
	}
	written := 0
	for _, file := range changes.write {
		if err := changes.put(file); err != nil {
			return fmt.Errorf("generate: %d of %d files are written: %w", written, len(changes.write), err)
		}
		written++
		if len(file.DAGs) > 0 {
			fmt.Fprintf(a.Streams.Out, "wrote %s: %s\n", file.Path, counted(len(file.DAGs), "DAG"))
		}
	}
	for _, name := range changes.remove {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("generate: remove what is no longer asked for: %w", err)
		}
		fmt.Fprintf(a.Streams.Out, "removed %s\n", term.Clean(name))
	}
	fmt.Fprintf(a.Streams.Out, "%s in %s: %s written, %d unchanged, %d removed\n",
		counted(len(defs.DAGs), "DAG"), dir, counted(len(changes.write), "file"), len(files)-len(changes.write), len(changes.remove))
	return nil
}
