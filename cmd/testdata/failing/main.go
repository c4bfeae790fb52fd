// The program chrononctl with a network that fails it: once there is a file, whose path FAILS names, the next request whose address holds the text
// in that file panics, on the goroutine that makes it, with the request in its hand. Everything else is the real program.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"chrononctl/cmd"
	"chrononctl/internal/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	code := cmd.Main(ctx, cmd.Process{
		Args:      os.Args[1:],
		Streams:   term.System(os.Stdin, os.Stdout, os.Stderr, os.Environ()),
		Getenv:    os.Getenv,
		Dir:       dir,
		Transport: failing{os.Getenv("FAILS")},
	})
	stop()
	os.Exit(code)
}

// failing is the network until the file is there.
type failing struct{ file string }

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if text, err := os.ReadFile(f.file); err == nil && strings.Contains(r.URL.String(), strings.TrimSpace(string(text))) {
		panic(fmt.Errorf("planted at %s", r.URL.Path))
	}
	return http.DefaultTransport.RoundTrip(r)
}
