package simulated

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"chrononctl/internal/config"
)

// ContextFile is the path of a file of contexts that names the simulation: CHRONONCTL_CONFIG=<it> lets other commands talk to it while it runs.
func (d *Demo) ContextFile() string { return filepath.Join(d.Dir, "contexts.yaml") }

// Context is the simulation as a context. Its name is what console and status show, and says what it is.
func (d *Demo) Context() config.Context {
	return config.Context{Name: "simulated", URL: d.URL, Username: user, PasswordFile: d.passwordFile(), Source: d.ContextFile()}
}

func (d *Demo) passwordFile() string { return filepath.Join(d.Dir, "password") }

func (d *Demo) writeContext() error {
	if err := os.WriteFile(d.passwordFile(), []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the password of the simulation: %w", err)
	}
	one := yaml.MapSlice{{Key: "url", Value: d.URL}, {Key: "username", Value: user}, {Key: "password_file", Value: d.passwordFile()}}
	name := d.Context().Name
	data, err := yaml.Marshal(yaml.MapSlice{{Key: "current", Value: name}, {Key: "contexts", Value: yaml.MapSlice{{Key: name, Value: one}}}})
	if err != nil {
		return fmt.Errorf("write the context of the simulation: %w", err)
	}
	return os.WriteFile(d.ContextFile(), data, 0o644)
}
