package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// apiOptions are the flags of api.
type apiOptions struct {
	data string
	jq   string
	yes  bool
}

// apiMethods are the methods that Airflow's API has.
var apiMethods = []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}

func newAPICmd(a *app) *cobra.Command {
	var opts apiOptions
	cmd := &cobra.Command{
		Use:   "api METHOD PATH",
		Short: "Send one request to Airflow's REST API, with the context's credentials",
		Long: "Sends a request and prints the answer as it came. PATH lies below /api/v1 or /api/v2, whichever this Airflow has, and may hold a query.\n" +
			"GET reads. Anything else may change something: it needs --yes, and is refused in a read-only context.",
		Example: "  chrononctl api GET '/dags?limit=1' --jq .total_entries\n  chrononctl api PATCH /dags/my_dag --data '{\"is_paused\": true}' --yes\n" +
			"  chrononctl api POST /dags/my_dag/dagRuns --data @run.json --yes",
		Args: words("api: name a method and a path, as in: api GET /dags", 2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAPI(cmd.Context(), strings.ToUpper(args[0]), args[1], opts)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return apiMethods, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.data, "data", "d", "", "body, as JSON; @FILE reads it from a file, @- from stdin")
	flags.StringVar(&opts.jq, "jq", "", "filter the answer with a jq expression; texts are printed as they are")
	flags.BoolVarP(&opts.yes, "yes", "y", false, "send what may change something")
	return cmd
}

func (a *app) runAPI(ctx context.Context, method, path string, opts apiOptions) error {
	if !slices.Contains(apiMethods, method) {
		return usage(fmt.Errorf("api: %q is no method: must be one of %s", method, strings.Join(apiMethods, ", ")))
	}
	path, err := apiPath(path)
	if err != nil {
		return usage(err)
	}
	flags := viewFlags{jq: opts.jq}
	if flags.program, err = compileJQ(opts.jq); err != nil {
		return err
	}
	body, err := a.apiBody(opts.data)
	if err != nil {
		return usage(err)
	}
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return err
	}
	switch {
	case method == http.MethodGet && body != nil:
		return usage(errors.New("api: GET takes no --data; put the question into the path"))
	case method == http.MethodGet:
	case chosen.ReadOnly:
		return refuse(fmt.Sprintf("context %s is read-only, and %s may change something", chosen.Name, method), "change read_only of the context, or CHRONONCTL_READ_ONLY, to allow it")
	case !opts.yes:
		return refuse(method+" may change something", "send it with --yes")
	}
	answer, err := client.Raw(ctx, method, path, body)
	if err != nil {
		return err
	}
	return a.printAnswer(ctx, flags, answer)
}

// apiPath is a path below the API's prefix, which people may well copy with it.
func apiPath(path string) (string, error) {
	for _, prefix := range []string{"/api/v1/", "/api/v2/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			path = "/" + rest
		}
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "", fmt.Errorf("api: the path %q must begin with a slash and lie below /api/v1 or /api/v2, as in /dags", path)
	}
	return path, nil
}

// apiBody is the body that --data gives, nil for none.
func (a *app) apiBody(data string) (any, error) {
	if data == "" {
		return nil, nil
	}
	text := []byte(data)
	if name, isFile := strings.CutPrefix(data, "@"); isFile {
		var err error
		if text, err = a.readInput(name); err != nil {
			return nil, fmt.Errorf("--data: %w", err)
		}
	}
	if !json.Valid(text) {
		return nil, errors.New("--data is no JSON")
	}
	return json.RawMessage(text), nil
}

// readInput reads a file, or stdin where its name is "-".
func (a *app) readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.Streams.In)
	}
	return os.ReadFile(a.path(name))
}

// printAnswer prints JSON, indented on a terminal, or whatever else an answer is.
func (a *app) printAnswer(ctx context.Context, flags viewFlags, answer json.RawMessage) error {
	var document any
	if len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, &document); err != nil {
		_, err = fmt.Fprintf(a.Streams.Out, "%s\n", harmlessJSON(answer, a.Streams.OutTerminal))
		return err
	}
	if flags.program == nil && !a.Streams.OutTerminal {
		_, err := fmt.Fprintf(a.Streams.Out, "%s\n", answer)
		return err
	}
	return a.printDocument(ctx, flags, answer)
}
