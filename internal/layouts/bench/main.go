// Bench prints the table of docs/layouts.md: what three layouts of the same 1,000 DAGs cost real Airflows.
//
//	go run ./internal/layouts/bench
//
// It takes about half an hour on two free cores, most of it for the layout with a file per DAG. What happens is told on stderr.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"chrononctl/internal/demo/dagbag"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/layouts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

// bench is one measurement.
type bench struct {
	shape    layouts.Shape
	samples  int
	out      io.Writer
	progress io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := bench{shape: layouts.Thousand(), out: stdout, progress: stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	versions := flags.String("versions", local.Airflow3+","+local.Airflow2, "versions of Airflow")
	only := flags.String("layout", "", "one layout only, by its first words")
	flags.IntVar(&b.shape.Teams, "teams", b.shape.Teams, "teams, of 50 DAGs each")
	flags.IntVar(&b.samples, "samples", 9, "task starts, of which the median counts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "| Airflow | layout | files | DAGs | first cycle, CPU-s | later cycle, CPU-s | start of a join's task, CPU-ms | start of a GroupBy's task, CPU-ms |")
	fmt.Fprintln(stdout, "|---|---|---|---|---|---|---|---|")
	for version := range strings.SplitSeq(*versions, ",") {
		for _, layout := range layouts.All() {
			if !strings.HasPrefix(string(layout), *only) {
				continue
			}
			if err := b.measure(ctx, version, layout); err != nil {
				return fmt.Errorf("Airflow %s, %s: %w", version, layout, err) //nolint:staticcheck // Airflow is a name
			}
		}
	}
	return nil
}

// measure prints one row of the table.
func (b bench) measure(ctx context.Context, version string, layout layouts.Layout) (err error) {
	began := time.Now()
	lab, err := layouts.Open(ctx, version, func(s local.Step) { fmt.Fprintf(b.progress, "%6.1fs %s\n", s.Elapsed.Seconds(), s.Text) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close(context.WithoutCancel(ctx))) }()
	empty, err := lab.Cycle(ctx)
	if err != nil {
		return err
	}
	folder, err := layouts.Write(lab.DAGs(), b.shape.Repository(), layout)
	if err != nil {
		return err
	}
	var cycles [2]time.Duration
	for i := range cycles {
		if cycles[i], err = lab.Cycle(ctx); err != nil {
			return err
		}
		cycles[i] -= empty
		fmt.Fprintf(b.progress, "%6.1fs %s on %s: cycle of %.1f CPU-s\n", time.Since(began).Seconds(), layout, version, cycles[i].Seconds())
	}
	dags, broken, err := lab.Known(ctx)
	if err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d files could not be imported", broken)
	}
	reader := lab.Reader(os.Environ())
	reader.NoCache = true
	join, err := b.start(ctx, reader, lab.DAGs(), folder, layout, joinTask)
	if err != nil {
		return err
	}
	batch, err := b.start(ctx, reader, lab.DAGs(), folder, layout, batchTask)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "| %s | %s | %d | %d | %.1f | %.1f | %.1f | %.1f |\n", version, layout, folder.Files, dags, cycles[0].Seconds(), cycles[1].Seconds(),
		join.CPU.Seconds()*1000, batch.CPU.Seconds()*1000)
	return nil
}

// target is a task in our DAGs, and the same work in the walker's.
type target struct{ dag, task, walkerFile, walkerDAG, walkerTask string }

var (
	joinTask = target{"chronon_join_team00__model_020__v1", "backfill__model_020__v1",
		"join.py", "chronon_join_team00__model_020__v1", "compute_join__team00__model_020__v1"}
	batchTask = target{"chronon_batch_dag_team00", "upload__features_003__v1",
		"group_by.py", "chronon_group_by_batch_team00", "group_by_batch__team00__features_003__v1"}
)

func (b bench) start(ctx context.Context, reader dagbag.Reader, root string, folder layouts.Folder, layout layouts.Layout, t target) (dagbag.Start, error) {
	if layout == layouts.Walk {
		return reader.Start(ctx, filepath.Join(root, t.walkerFile), t.walkerDAG, t.walkerTask, b.samples)
	}
	return reader.Start(ctx, filepath.Join(root, folder.File[t.dag]), t.dag, t.task, b.samples)
}
