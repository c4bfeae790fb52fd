// The program chrononctl.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"chrononctl/cmd"
	"chrononctl/internal/term"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "chrononctl: %v\n", err)
		return 1
	}
	return cmd.Main(ctx, cmd.Process{
		Args:    os.Args[1:],
		Streams: term.System(os.Stdin, os.Stdout, os.Stderr, os.Environ()),
		Getenv:  os.Getenv,
		Dir:     dir,
	})
}
