// Serve runs a local Airflow on a DAG folder until it is interrupted or, where standard input is a pipe, that ends.
//
//	go run ./internal/demo/local/serve -version 3.3 -dags DIR
//
// When the instance is ready, stdout gets one line of JSON: url, version, username and password (Airflow 2 only), dir, dags, log_dir,
// python, pid. What happens is told on stderr.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"chrononctl/internal/demo/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "serve: %v\n", err)
		if hinted := (interface{ Hint() string })(nil); errors.As(err, &hinted) {
			fmt.Fprintf(os.Stderr, "hint: %s\n", hinted.Hint())
		}
		stop()
		os.Exit(1)
	}
}

// ready is the line that is printed when the instance can be used.
type ready struct {
	URL     string `json:"url"`
	Version string `json:"version"`
	local.Auth
	Dir    string `json:"dir"`
	DAGs   string `json:"dags"`
	LogDir string `json:"log_dir"`
	Python string `json:"python"`
	PID    int    `json:"pid"` // of this process: kill it to end the instance
}

func run(ctx context.Context, args []string, stdin *os.File, stdout, stderr io.Writer) error {
	options := local.Options{Env: map[string]string{}}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&options.Version, "version", local.Airflow3, "Airflow version: "+strings.Join(local.Versions(), ", "))
	flags.StringVar(&options.DAGs, "dags", "", "DAG folder (default: dags in the folder of the instance)")
	flags.StringVar(&options.Dir, "dir", "", "folder of the instance (default: a temporary one)")
	flags.IntVar(&options.Port, "port", 0, "port (default: a free one)")
	flags.IntVar(&options.Parallelism, "parallelism", 0, "tasks at a time (default 4)")
	flags.BoolVar(&options.FallBack, "fall-back", false, "take Airflow 2.11 where no Python fits 3.3")
	flags.DurationVar(&options.Refresh, "refresh", 0, "how often the DAG folder is read (default 2s)")
	flags.Func("env", "NAME=VALUE for tasks, may be repeated", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("not NAME=VALUE")
		}
		options.Env[name] = value
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	options.Progress = func(s local.Step) { fmt.Fprintf(stderr, "%6.1fs %s\n", s.Elapsed.Seconds(), s.Text) }
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	if isPipe(stdin) {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			ended()
		}()
	}
	airflow, err := local.Start(ctx, options)
	if err != nil {
		return err
	}
	err = json.NewEncoder(stdout).Encode(ready{URL: airflow.URL, Version: airflow.Version, Auth: airflow.Auth, Dir: airflow.Dir, DAGs: airflow.DAGs,
		LogDir: airflow.LogDir, Python: airflow.Python, PID: os.Getpid()})
	if err == nil {
		select {
		case <-ctx.Done():
		case <-airflow.Failed():
			err = airflow.Err()
		}
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return errors.Join(err, airflow.Stop(cleanup))
}

// isPipe says whether the end of a file means that someone has gone; the end of /dev/null means nothing.
func isPipe(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}
