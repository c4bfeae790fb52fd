package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// secretTimeout bounds a command that prints a secret: a forgotten prompt must not hang a cron job.
const secretTimeout = 30 * time.Second

// Password fetches the password of the context from its source. It is "" when the context names none.
func (c Context) Password(ctx context.Context, getenv func(string) string) (string, error) {
	return fetch(ctx, "password", c.PasswordEnv, c.PasswordCommand, c.PasswordFile, getenv)
}

// Token fetches the bearer token of the context from its source. It is "" when the context names none.
func (c Context) Token(ctx context.Context, getenv func(string) string) (string, error) {
	return fetch(ctx, "token", c.TokenEnv, c.TokenCommand, c.TokenFile, getenv)
}

// Certificates are the PEM files of a context.
type Certificates struct{ CA, Cert, Key []byte }

// Certificates reads the files that the context names. The key must be for its owner only.
func (c Context) Certificates() (Certificates, error) {
	var got Certificates
	var err error
	if c.CAFile != "" {
		if got.CA, err = os.ReadFile(c.CAFile); err != nil {
			return Certificates{}, fmt.Errorf("certificate authorities: %w", err)
		}
	}
	if c.ClientCertFile == "" && c.ClientKeyFile == "" {
		return got, nil
	}
	if got.Cert, err = os.ReadFile(c.ClientCertFile); err != nil {
		return Certificates{}, fmt.Errorf("client certificate: %w", err)
	}
	key, err := fromFile("client key", c.ClientKeyFile)
	got.Key = []byte(key)
	return got, err
}

func fetch(ctx context.Context, what, env string, command []string, file string, getenv func(string) string) (string, error) {
	switch {
	case env != "":
		if v := getenv(env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("%s: the environment variable %s is empty", what, env)
	case len(command) > 0:
		return fromCommand(ctx, what, command)
	case file != "":
		return fromFile(what, file)
	default:
		return "", nil
	}
}

// fromCommand runs the command without a shell. Its standard error is shown, its output never.
func fromCommand(ctx context.Context, what string, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: run %s: %w: %s", what, argv[0], err, strings.TrimSpace(stderr.String()))
	}
	v := strings.TrimSpace(string(out))
	if v == "" {
		return "", fmt.Errorf("%s: %s printed nothing", what, argv[0])
	}
	return v, nil
}

// fromFile reads a secret from a file that nobody else can read.
func fromFile(what, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", looseFileError{what: what, path: path, mode: info.Mode().Perm()}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	v := strings.TrimSpace(string(data))
	if v == "" {
		return "", errors.New(what + ": the file " + path + " is empty")
	}
	return v, nil
}

type looseFileError struct {
	what, path string
	mode       os.FileMode
}

func (e looseFileError) Error() string {
	return fmt.Sprintf("%s: others can read %s (mode %04o)", e.what, e.path, e.mode)
}

func (e looseFileError) Hint() string { return "chmod 600 " + e.path }
