package demo

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"chrononctl/internal/config"
)

// ContextFile is the path of a file of contexts that names the demo: CHRONONCTL_CONFIG=<it> lets other commands talk to the demo while it runs.
func (d *Demo) ContextFile() string { return filepath.Join(d.Dir, "contexts.yaml") }

// Context is the demo's Airflow as a context.
func (d *Demo) Context() config.Context {
	return config.Context{
		Name: "demo", URL: d.Airflow.URL, Username: d.Airflow.Auth.Username, PasswordFile: d.passwordFile(), Source: d.ContextFile(),
	}
}

// passwordFile is where the password is kept for other commands; an Airflow without passwords has none.
func (d *Demo) passwordFile() string {
	if d.Airflow.Auth.Password == "" {
		return ""
	}
	return filepath.Join(d.Dir, "password")
}

// writeContext writes the file of contexts, and the password into a file that nobody else can read.
func (d *Demo) writeContext() error {
	one := yaml.MapSlice{{Key: "url", Value: d.Airflow.URL}}
	if file := d.passwordFile(); file != "" {
		if err := os.WriteFile(file, []byte(d.Airflow.Auth.Password+"\n"), 0o600); err != nil {
			return fmt.Errorf("write the demo's password: %w", err)
		}
		one = append(one, yaml.MapItem{Key: "username", Value: d.Airflow.Auth.Username}, yaml.MapItem{Key: "password_file", Value: file})
	}
	data, err := yaml.Marshal(yaml.MapSlice{{Key: "current", Value: "demo"}, {Key: "contexts", Value: yaml.MapSlice{{Key: "demo", Value: one}}}})
	if err != nil {
		return fmt.Errorf("write the demo's context: %w", err)
	}
	return os.WriteFile(d.ContextFile(), data, 0o644)
}
