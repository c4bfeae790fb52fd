// Provision prints the path of a Python interpreter that has the packages of one lock file, and installs them first where needed.
//
//	go run ./internal/demo/provision airflow-3.3
//
// The path is the only line on stdout; what takes time is told on stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"chrononctl/internal/demo/python"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "provision: %v\n", err)
		if hinted := (interface{ Hint() string })(nil); errors.As(err, &hinted) {
			fmt.Fprintf(os.Stderr, "hint: %s\n", hinted.Hint())
		}
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("name one environment: %s", strings.Join(python.Environments(), ", "))
	}
	store, err := python.Open()
	if err != nil {
		return err
	}
	store.Progress = func(line string) { fmt.Fprintln(stderr, line) }
	env, err := store.Named(ctx, args[0])
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, env.Python)
	return nil
}
