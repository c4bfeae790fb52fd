package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chrononctl/internal/config"
	"chrononctl/internal/query"
	"chrononctl/internal/term"
)

func newContextCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "context",
		Short: "Name the Airflows: add, list, use, show, remove",
		Long: "A context names one Airflow and says where its credentials come from; it holds none itself. Contexts stand in ~/.config/chrononctl/config.yaml,\n" +
			"or in the file that CHRONONCTL_CONFIG names. No command here asks a server.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newContextAddCmd(a), newContextListCmd(a), newContextUseCmd(a), newContextShowCmd(a), newContextRemoveCmd(a))
	return cmd
}

func newContextAddCmd(a *app) *cobra.Command {
	use := false
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a context",
		Long: "Adds a context to the file. A password or token is never given here: name the environment variable, command or file that holds it.\n" +
			"A command's words are separated by commas.",
		Example: "  chrononctl context add prod --url https://airflow.example.com --username ana --password-command pass,show,airflow/prod --read-only\n" +
			"  chrononctl context add amazon --service mwaa --environment MyEnvironment --aws-region eu-central-1",
		Args: words("context add: name the context", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.addContext(cmd.Flags(), args[0], use) },
	}
	for _, key := range config.ContextKeys() {
		name, doc := flagOf(key), strings.ReplaceAll(key.Doc, "`", "'")
		switch {
		case key.Flag:
			cmd.Flags().Bool(name, false, doc)
		case key.List:
			cmd.Flags().StringSlice(name, nil, doc)
		default:
			cmd.Flags().String(name, "", doc)
		}
	}
	cmd.Flags().BoolVar(&use, "use", false, "make it the one that is used when none is named")
	return cmd
}

// flagOf is the flag for a key of a context. --color is the colour of this program's output already.
func flagOf(key config.ContextKey) string {
	if key.Name == "color" {
		return "accent"
	}
	return strings.ReplaceAll(key.Name, "_", "-")
}

func (a *app) addContext(flags *pflag.FlagSet, name string, use bool) error {
	var values []config.ContextValue
	for _, key := range config.ContextKeys() {
		flag := flagOf(key)
		if !flags.Changed(flag) {
			continue
		}
		var value any
		var err error
		switch {
		case key.Flag:
			value, err = flags.GetBool(flag)
		case key.List:
			value, err = flags.GetStringSlice(flag)
		default:
			value, err = flags.GetString(flag)
		}
		if err != nil {
			return usage(err)
		}
		values = append(values, config.ContextValue{Key: key.Name, Value: value})
	}
	if len(values) == 0 {
		return usage(fmt.Errorf("context %s: url is missing: give --url, or --service with --environment", name))
	}
	if address, err := flags.GetString("url"); err == nil && holdsSecret(address) {
		return usage(errors.New("--url holds a user or a query, which may be a secret: give the bare address, and name the source of the credentials"))
	}
	return a.editContexts(func(edit *config.ContextsEdit) (string, error) {
		if err := edit.Add(name, values); err != nil {
			return "", err
		}
		if use {
			return fmt.Sprintf("added context %s, and use it", name), edit.Use(name)
		}
		return "added context " + name, nil
	})
}

// holdsSecret says whether an address holds what may be a secret.
func holdsSecret(address string) bool {
	u, err := url.Parse(address)
	return err != nil || u.User != nil || u.RawQuery != ""
}

// editContexts changes the file of contexts and says what was done.
func (a *app) editContexts(change func(*config.ContextsEdit) (string, error)) error {
	edit, err := config.EditContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return err
	}
	done, err := change(edit)
	if wrong, ok := errors.AsType[config.FileErrors](err); ok {
		return usage(wrong)
	}
	if err != nil {
		return err
	}
	if err := edit.Save(); err != nil {
		return err
	}
	fmt.Fprintln(a.Streams.Out, done)
	return nil
}

// known finds a context in the file.
func (a *app) knownContext(all config.Contexts, name string) error {
	if _, ok := all.ByName[name]; ok {
		return nil
	}
	file := config.ContextsFile(a.Getenv)
	return exit(ExitNotFound, contextError{name, file, slices.Sorted(maps.Keys(all.ByName))})
}

func newContextUseCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "use NAME",
		Short:   "Make a context the one that is used when none is named",
		Example: "  chrononctl context use prod",
		Args:    words("context use: name the context", 1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.editContexts(func(edit *config.ContextsEdit) (string, error) {
				if err := a.knownContext(edit.Contexts(), args[0]); err != nil {
					return "", err
				}
				return "now using context " + args[0] + a.overruled(), edit.Use(args[0])
			})
		},
	}
}

// overruled says what chooses another context than the file's current one.
func (a *app) overruled() string {
	for _, name := range []string{"CHRONONCTL_CONTEXT", "CHRONONCTL_URL"} {
		if a.Getenv(name) != "" {
			return ", as soon as " + name + " is not set, which comes first"
		}
	}
	return ""
}

func newContextRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a context",
		Example: "  chrononctl context remove staging",
		Args:    words("context remove: name the context", 1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.editContexts(func(edit *config.ContextsEdit) (string, error) {
				before := edit.Contexts()
				if err := a.knownContext(before, args[0]); err != nil {
					return "", err
				}
				done := "removed context " + args[0]
				if before.Current == args[0] {
					done += "; no context is used now when none is named"
				}
				return done, edit.Remove(args[0])
			})
		},
	}
}

// contextRow is a context as a list shows it.
type contextRow struct {
	Name        string `json:"name"`
	URL         string `json:"url"`
	Credentials string `json:"credentials"`
	ReadOnly    bool   `json:"read_only"`
	Color       string `json:"color"`
	Used        bool   `json:"used"`
	Source      string `json:"source"`
}

func newContextListCmd(a *app) *cobra.Command {
	var flags viewFlags
	v := contextView()
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the contexts",
		Long:  "Lists the contexts of the file and of the environment, with the source of their credentials. On a pipe: name, address, credentials, read-only, used, source.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd.Context(), a, v, flags, a.contextRows)
		},
	}
	addView(a, cmd, v, &flags)
	return cmd
}

func contextView() view[contextRow] {
	yes := func(is bool) string {
		if is {
			return "yes"
		}
		return "no"
	}
	return view[contextRow]{
		columns: []column[contextRow]{
			{title: "NAME", text: func(c contextRow) string { return c.Name }},
			{title: "ADDRESS", text: func(c contextRow) string { return c.URL }},
			{title: "CREDENTIALS", text: func(c contextRow) string { return c.Credentials }},
			{title: "READ-ONLY", text: func(c contextRow) string { return yes(c.ReadOnly) }},
			{title: "USED", text: func(c contextRow) string { return yes(c.Used) }},
			{title: "SOURCE", text: func(c contextRow) string { return c.Source }, wide: true},
		},
		fields: []query.Field[contextRow]{
			query.Text("name", "its name", func(c contextRow) string { return c.Name }),
			query.Text("url", "its address", func(c contextRow) string { return c.URL }),
		},
		name:   func(c contextRow) string { return c.Name },
		object: func(c contextRow) any { return c },
		none:   "No context is named: `chrononctl context add` names one.",
	}
}

func (a *app) contextRows(context.Context) ([]contextRow, []string, error) {
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return nil, nil, err
	}
	used := ""
	if chosen, err := all.Choose(a.contextName, a.Getenv); err == nil {
		used = chosen.Name
		if _, fromFile := all.ByName[chosen.Name]; !fromFile || chosen.Source == "CHRONONCTL_URL" {
			all.ByName = maps.Clone(all.ByName)
			if all.ByName == nil {
				all.ByName = map[string]config.Context{}
			}
			all.ByName[chosen.Name] = chosen
		}
	}
	var rows []contextRow
	for _, name := range slices.Sorted(maps.Keys(all.ByName)) {
		c := all.ByName[name]
		rows = append(rows, contextRow{name, shownAddress(c), credentialsOf(c), c.ReadOnly, c.Color, name == used, c.Source})
	}
	return rows, nil, nil
}

// shownAddress is where a context leads, without what may be a secret.
func shownAddress(c config.Context) string {
	if c.URL == "" {
		return string(c.Service) + " " + c.Environment
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return "not an address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// credentialsOf says in a few words where the credentials of a context come from.
func credentialsOf(c config.Context) string {
	source := func(what, env string, command []string, file string) string {
		switch {
		case env != "":
			return what + " in " + env
		case len(command) > 0:
			return what + " printed by " + command[0]
		case file != "":
			return what + " in file " + file
		default:
			return ""
		}
	}
	switch c.Service {
	case config.MWAA, config.MWAAAPI:
		return "AWS profile " + cmp.Or(c.AWSProfile, "of the environment")
	case config.Composer:
		return "Google's application default credentials"
	}
	if token := source("token", c.TokenEnv, c.TokenCommand, c.TokenFile); token != "" {
		return token
	}
	if password := source("password", c.PasswordEnv, c.PasswordCommand, c.PasswordFile); password != "" {
		return strings.TrimSpace(c.Username + ", " + password)
	}
	return cmp.Or(c.Username, "none")
}

func newContextShowCmd(a *app) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show a context, and where each of its values comes from",
		Long: "Shows the context that would be used, or the one of that name: each key with its value and where that comes from, and why this context is chosen.\n" +
			"A secret is never shown, nor fetched: only its source is.",
		Example: "  chrononctl context show\n  chrononctl context show prod -o json",
		Args:    words("context show: name one context at most", 0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := output.check(a); err != nil {
				return err
			}
			return a.showContext(append(args, "")[0], output)
		},
	}
	output.add(cmd, formatText, formatJSON)
	return cmd
}

func (a *app) showContext(name string, output outputFlag) error {
	file := config.ContextsFile(a.Getenv)
	all, err := config.ReadContexts(file)
	if err != nil {
		return err
	}
	if name = cmp.Or(name, a.contextName); name != "" {
		if err := a.knownContext(all, name); err != nil {
			return err
		}
	} else if named := a.Getenv("CHRONONCTL_CONTEXT"); named != "" {
		if err := a.knownContext(all, named); err != nil {
			return err
		}
	}
	chosen, err := all.Choose(name, a.Getenv)
	if err != nil {
		return err
	}
	rows := append([]settingJSON{{"context", chosen.Name, a.whyChosen(name, all)}}, a.contextSettings(chosen, file)...)
	if output.value == formatJSON {
		a.writeJSON(a.Streams.Out, rows)
		return nil
	}
	var lines [][]string
	for _, s := range rows {
		text, isText := s.Value.(string)
		if !isText {
			text = config.Setting{Value: s.Value}.Text()
		}
		lines = append(lines, []string{s.Key, text, s.Source})
	}
	if a.Streams.OutTerminal {
		for _, line := range lines {
			for i := range line {
				line[i] = term.Clean(cmp.Or(line[i], "-"))
			}
		}
		writeTable(a.Streams.Out, []string{"KEY", "VALUE", "SOURCE"}, lines)
		return nil
	}
	for _, line := range lines {
		writeTSV(a.Streams.Out, line[0], cmp.Or(line[1], "-"), line[2])
	}
	return nil
}

// whyChosen says what made a context the one that is used.
func (a *app) whyChosen(name string, all config.Contexts) string {
	switch {
	case name != "" && name == a.contextName:
		return "--context"
	case name != "":
		return "argument"
	case a.Getenv("CHRONONCTL_CONTEXT") != "":
		return "CHRONONCTL_CONTEXT"
	case a.Getenv("CHRONONCTL_URL") != "":
		return "CHRONONCTL_URL"
	case all.Current != "":
		return "current of " + config.ContextsFile(a.Getenv)
	default:
		return "the only one of " + config.ContextsFile(a.Getenv)
	}
}

// contextSettings are the keys of a context, with where each value comes from.
func (a *app) contextSettings(c config.Context, file string) []settingJSON {
	var data []byte
	fromFile := c.Source == file
	if fromFile {
		data, _ = os.ReadFile(file) // it was read a moment ago; without it no line is named
	}
	var out []settingJSON
	for _, s := range config.ExplainContext(c, data) {
		shown := settingJSON{s.Key, s.Value, "default"}
		switch {
		case s.Line > 0:
			shown.Source = fmt.Sprintf("%s:%d", file, s.Line)
		case !fromFile && s.Value != nil && s.Value != false && s.Key != "timeout":
			shown.Source = environmentSource(s.Key)
		}
		switch s.Key {
		case "url":
			shown.Value = shownAddress(c)
		case "password_env", "token_env":
			if variable, ok := s.Value.(string); ok && a.Getenv(variable) == "" {
				shown.Source += "; the variable is empty"
			}
		case "read_only":
			if config.ForbidsChanges(a.Getenv) {
				shown.Source = environmentSource(s.Key)
			}
		case "timeout":
			if c.Timeout == 0 {
				shown.Value = "30s"
			}
		}
		out = append(out, shown)
	}
	return out
}

// environmentSource is the variable that gave a key of the context which the environment makes.
func environmentSource(key string) string {
	switch key {
	case "url":
		return "CHRONONCTL_URL"
	case "username":
		return "CHRONONCTL_USERNAME"
	case "read_only":
		return "CHRONONCTL_READ_ONLY"
	case "password_env":
		return "CHRONONCTL_PASSWORD"
	case "token_env":
		return "CHRONONCTL_TOKEN"
	default:
		return "environment"
	}
}
