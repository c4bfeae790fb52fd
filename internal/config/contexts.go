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

	"github.com/goccy/go-yaml"
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
	ReadOnly        bool
	Color           string // of the context's name in the console
	Source          string // where the context was found, for people
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
		if one.URL == "" {
			problems = append(problems, Problem{File: file, Message: fmt.Sprintf("contexts.%s.url is missing: the address of the Airflow", name)})
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
	return keys{
		"current":                     currentContext(c),
		"contexts.*.url":              contextValue(c, func(x *Context, v string) { x.URL = strings.TrimRight(v, "/") }),
		"contexts.*.username":         contextValue(c, func(x *Context, v string) { x.Username = v }),
		"contexts.*.password_env":     contextValue(c, func(x *Context, v string) { x.PasswordEnv = v }),
		"contexts.*.password_command": contextValue(c, func(x *Context, v []string) { x.PasswordCommand = v }),
		"contexts.*.password_file":    contextValue(c, func(x *Context, v string) { x.PasswordFile = v }),
		"contexts.*.token_env":        contextValue(c, func(x *Context, v string) { x.TokenEnv = v }),
		"contexts.*.token_command":    contextValue(c, func(x *Context, v []string) { x.TokenCommand = v }),
		"contexts.*.token_file":       contextValue(c, func(x *Context, v string) { x.TokenFile = v }),
		"contexts.*.read_only":        contextValue(c, func(x *Context, v bool) { x.ReadOnly = v }),
		"contexts.*.color":            contextValue(c, func(x *Context, v string) { x.Color = v }),
	}
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

func contextValue[T any](c *Contexts, set func(*Context, T)) func([]string) setter {
	return func(names []string) setter {
		return func(value ast.Node) error {
			var v T
			if err := yaml.NodeToValue(value, &v); err != nil {
				return fmt.Errorf("must be %s", kindOf(v))
			}
			one := c.ByName[names[0]]
			set(&one, v)
			c.ByName[names[0]] = one
			return nil
		}
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case []string:
		return "a list of texts"
	default:
		return "text"
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

// Choose picks the context: by name, else from the environment (CHRONONCTL_URL), else the file's current one, else the only one.
func (c Contexts) Choose(name string, getenv func(string) string) (Context, error) {
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
	one.ReadOnly = getenv("CHRONONCTL_READ_ONLY") == "1" || getenv("CHRONONCTL_READ_ONLY") == "true"
	return one
}
