package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Context names one Airflow and says where its credentials come from. It holds no secret.
type Context struct {
	Name            string
	URL             string
	Username        string
	PasswordEnv     string   // environment variable that holds the password
	PasswordCommand []string // prints the password
	PasswordFile    string   // mode 0600
	TokenEnv        string
	TokenCommand    []string
	TokenFile       string
	Service         Service // a managed Airflow that is signed in to in a way of its own
	Environment     string  // its name there
	AWSRegion       string
	AWSProfile      string
	CAFile          string // PEM certificates of the authorities to trust
	ClientCertFile  string // PEM
	ClientKeyFile   string // PEM, mode 0600
	ServerName      string // in the server's certificate
	Insecure        bool   // any certificate will do
	Timeout         time.Duration
	ReadOnly        bool
	Color           string // of the context's name in the console
	Source          string // where the context was found, for people
}

// Service is a managed Airflow.
type Service string

// The managed services that need more than a token and an address.
const (
	MWAA     Service = "mwaa"     // Amazon's, by a web login
	MWAAAPI  Service = "mwaa-api" // Amazon's, by InvokeRestApi
	Composer Service = "composer" // Google's
)

// Label is the name of the context, with what one should not forget about it.
func (c Context) Label() string {
	if c.Insecure {
		return c.Name + " (certificate not checked)"
	}
	return c.Name
}

// Contexts is the user's file of contexts.
type Contexts struct {
	Current string
	ByName  map[string]Context
}

// ContextsFile is the path of the user's file: CHRONONCTL_CONFIG, or config.yaml in the user's configuration folder.
func ContextsFile(getenv func(string) string) string {
	if path := getenv("CHRONONCTL_CONFIG"); path != "" {
		return path
	}
	base := getenv("XDG_CONFIG_HOME")
	if base == "" {
		base = filepath.Join(getenv("HOME"), ".config")
	}
	return filepath.Join(base, "chrononctl", "config.yaml")
}

// ReadContexts reads the file of contexts; one that does not exist has none.
func ReadContexts(path string) (Contexts, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Contexts{}, nil
	}
	if err != nil {
		return Contexts{}, fmt.Errorf("read contexts: %w", err)
	}
	return ParseContexts(path, data)
}

// ParseContexts reads a file of contexts. The error is [FileErrors] when the file can be read but is wrong.
func ParseContexts(file string, data []byte) (Contexts, error) {
	c := Contexts{ByName: map[string]Context{}}
	problems := readYAML(file, data, c.keys(), nil)
	for _, name := range slices.Sorted(maps.Keys(c.ByName)) {
		one := c.ByName[name]
		one.Name, one.Source = name, file
		c.ByName[name] = one
		for _, message := range one.gaps() {
			problems = append(problems, Problem{File: file, Message: fmt.Sprintf("contexts.%s.%s", name, message)})
		}
	}
	if _, ok := c.ByName[c.Current]; c.Current != "" && !ok {
		problems = append(problems, Problem{File: file, Message: fmt.Sprintf("current: there is no context %q", c.Current)})
	}
	if len(problems) > 0 {
		return Contexts{}, problems
	}
	return c, nil
}

func (c *Contexts) keys() keys {
	all := keys{"current": currentContext(c)}
	for _, key := range contextKeys() {
		all["contexts.*."+key.name] = func(names []string) setter {
			return func(value ast.Node) error {
				one := c.ByName[names[0]]
				err := key.set(&one, value)
				c.ByName[names[0]] = one
				return err
			}
		}
	}
	return all
}

// gaps are what no single key shows.
func (c Context) gaps() []string {
	var gaps []string
	if c.URL == "" && c.Service != MWAA && c.Service != MWAAAPI {
		gaps = append(gaps, "url is missing: the address of the Airflow")
	}
	if c.Environment == "" && (c.Service == MWAA || c.Service == MWAAAPI) {
		gaps = append(gaps, "environment is missing: the name of the MWAA environment")
	}
	if (c.ClientCertFile == "") != (c.ClientKeyFile == "") {
		gaps = append(gaps, "client_cert_file and client_key_file belong together")
	}
	return gaps
}

func currentContext(c *Contexts) func([]string) setter {
	return func([]string) setter {
		return func(value ast.Node) error {
			name, err := text().read(value)
			if err == nil {
				c.Current = name
			}
			return err
		}
	}
}

// NoContextError says that no Airflow was named.
type NoContextError struct{ Known []string }

func (e NoContextError) Error() string {
	if len(e.Known) == 0 {
		return "no Airflow is named"
	}
	return fmt.Sprintf("no Airflow is chosen among %s", strings.Join(e.Known, ", "))
}

// Hint says how to name one.
func (e NoContextError) Hint() string {
	if len(e.Known) == 0 {
		return "set CHRONONCTL_URL (and CHRONONCTL_USERNAME, CHRONONCTL_PASSWORD or CHRONONCTL_TOKEN), or write a context into " +
			"~/.config/chrononctl/config.yaml"
	}
	return "give --context NAME, or set CHRONONCTL_CONTEXT"
}

// Choose picks the context: by name, else from the environment (CHRONONCTL_URL), else the file's current one, else the only one. Where the environment
// forbids changes it is read-only, whatever the file says.
func (c Contexts) Choose(name string, getenv func(string) string) (Context, error) {
	one, err := c.choose(name, getenv)
	one.ReadOnly = one.ReadOnly || ForbidsChanges(getenv)
	return one, err
}

// ForbidsChanges says whether CHRONONCTL_READ_ONLY makes every context read-only. Whatever is not a plain no is a yes: a guard holds when it is misspelt.
func ForbidsChanges(getenv func(string) string) bool {
	switch strings.ToLower(getenv("CHRONONCTL_READ_ONLY")) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

func (c Contexts) choose(name string, getenv func(string) string) (Context, error) {
	if name == "" {
		name = getenv("CHRONONCTL_CONTEXT")
	}
	known := slices.Sorted(maps.Keys(c.ByName))
	if name != "" {
		if one, ok := c.ByName[name]; ok {
			return one, nil
		}
		return Context{}, fmt.Errorf("there is no context %q among [%s]", name, strings.Join(known, ", "))
	}
	if url := getenv("CHRONONCTL_URL"); url != "" {
		return fromEnvironment(url, getenv), nil
	}
	if c.Current != "" {
		return c.ByName[c.Current], nil
	}
	if len(known) == 1 {
		return c.ByName[known[0]], nil
	}
	return Context{}, NoContextError{Known: known}
}

func fromEnvironment(url string, getenv func(string) string) Context {
	one := Context{Name: "env", URL: strings.TrimRight(url, "/"), Username: getenv("CHRONONCTL_USERNAME"), Source: "CHRONONCTL_URL"}
	if getenv("CHRONONCTL_PASSWORD") != "" {
		one.PasswordEnv = "CHRONONCTL_PASSWORD"
	}
	if getenv("CHRONONCTL_TOKEN") != "" {
		one.TokenEnv = "CHRONONCTL_TOKEN"
	}
	return one
}
