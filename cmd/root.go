// Package cmd is what a script sees: commands, flags, streams and exit codes. It is the only package that knows the process.
//
// A command has three parts, each where one looks for it: newXCmd declares flags and help, its options are a struct, and runX does the work with an
// [app] in its hand. A command asks other packages for values and prints them; it computes nothing that the console would have to compute again.
package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/term"
	"chrononctl/tui"
)

// Process is everything that a command may know of the process that it runs in.
type Process struct {
	Args      []string // without the program's name
	Streams   term.Streams
	Getenv    func(string) string
	Dir       string            // working directory
	Now       func() time.Time  // nil: time.Now
	Transport http.RoundTripper // nil: the network
	MaxTries  int               // attempts of one read of Airflow; 0: the client's own. A test of refusals does not wait for better answers.
}

// app is one run of the program, handed to every command.
type app struct {
	Process
	repoDir     string
	contextName string
	color       string
	jsonErrors  bool // -o json: an error is one JSON object

	server *airflowclient.Client // that the command talks to; nil: to none yet
}

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, p Process) int {
	if p.Now == nil {
		p.Now = time.Now
	}
	a := &app{Process: p}
	root := newRoot(a)
	root.SetArgs(p.Args)
	addBashWords(root, p.Args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = exit(ExitInterrupted, err)
	}
	a.printError(err)
	return int(exitCode(err))
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "chrononctl",
		Short: "Generate, deploy and operate Chronon's DAGs on Apache Airflow",
		Long: "chrononctl generates Airflow DAGs from Chronon's compiled confs, deploys them to Airflow 2 or 3, and shows and drives them.\n" +
			"Without a command it opens the console on a terminal.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.Streams.CanPrompt() {
				return cmd.Help()
			}
			return runConsole(cmd.Context(), a, consoleOptions{interval: tui.DefaultInterval})
		},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			switch mode := term.ColorMode(a.color); mode {
			case term.ColorAuto, term.ColorAlways, term.ColorNever:
				a.Streams = a.Streams.WithColor(mode)
				return nil
			default:
				return usage(fmt.Errorf("--color %q: must be auto, always or never", a.color))
			}
		},
	}
	root.SetIn(a.Streams.In)
	root.SetOut(a.Streams.Out)
	root.SetErr(a.Streams.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%s: %w", commandWords(cmd), err))
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.repoDir, "repo", "", "root of the Chronon repository (default: the nearest parent folder with teams.json)")
	flags.StringVar(&a.contextName, "context", "", "the Airflow to talk to (default: CHRONONCTL_CONTEXT, CHRONONCTL_URL, or the current context)")
	flags.StringVar(&a.color, "color", "auto", "colour: auto, always or never")
	root.AddCommand(newVersionCmd(a), newExitCodesCmd(a), newConsoleCmd(a))
	addCommands(root, a)
	addCompletion(root, a)
	strictArguments(root)
	documentExits(root)
	return root
}

// commandWords are the words of a command behind the program's name, which stands before every error anyway.
func commandWords(cmd *cobra.Command) string {
	_, words, found := strings.Cut(cmd.CommandPath(), " ")
	if !found {
		return "command line"
	}
	return words
}

// strictArguments gives mistakes in the arguments of any command the code of a usage error.
func strictArguments(root *cobra.Command) {
	for _, cmd := range allCommands(root) {
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				err := check(cmd, args)
				if _, isCoded := errors.AsType[codedError](err); err == nil || isCoded {
					return err
				}
				if !cmd.HasSubCommands() && len(args) > 0 && strings.HasPrefix(err.Error(), "unknown command") {
					err = fmt.Errorf("%s takes no arguments, such as %q", commandWords(cmd), args[0])
				}
				return usage(err)
			}
		}
	}
}

// noCommand refuses words that are no command, with the nearest one.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += fmt.Sprintf(", did you mean %q?", near[0])
	}
	return usage(errors.New(message))
}

// hinter is an error that knows the next step.
type hinter interface{ Hint() string }

// hintOf is the next step of the outermost error that knows one.
func hintOf(err error) string {
	var h hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// printError says what went wrong, and what to do next where that is known.
func (a *app) printError(err error) {
	if err == nil || err.Error() == "" {
		return
	}
	hint := hintOf(err)
	if a.jsonErrors {
		a.writeJSON(a.Streams.Err, struct {
			Error string   `json:"error"`
			Hint  string   `json:"hint,omitempty"`
			Code  ExitCode `json:"code"`
		}{err.Error(), hint, exitCode(err)})
		return
	}
	lines := strings.Split(term.CleanLines(err.Error()), "\n")
	fmt.Fprintf(a.Streams.Err, "chrononctl: %s\n", strings.Join(lines, "\n  "))
	if hint != "" {
		fmt.Fprintf(a.Streams.Err, "hint: %s\n", term.Clean(hint))
	}
}

// writeJSON prints one indented JSON value. Scripts read it, so text stays as it is; on a terminal what could do harm is escaped.
func (a *app) writeJSON(w io.Writer, v any) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("an answer has no JSON: %v", err)) // answers are structs of texts, numbers and times
	}
	terminal := w == a.Streams.Out && a.Streams.OutTerminal || w == a.Streams.Err && a.Streams.ErrTerminal
	// The writers are the process's own streams: an error here has nowhere to be reported to.
	_, _ = w.Write(harmlessJSON(text.Bytes(), terminal))
}
