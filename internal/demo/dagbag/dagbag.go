// Package dagbag lets an installed Airflow read DAG files as its DAG processor and its workers do, without a server and without a database, and
// tells what it found and what that cost.
//
// [Reader.Import] reads a folder whole: which DAGs are in it, what could not be imported, which warnings point at its files, and how many bytes each
// DAG will have in Airflow's database. [Reader.Start] reads one file for one task, with the parsing context that Airflow sets when it starts that task.
//
// The work is done by read.py in the environment's interpreter, so that every Airflow that [python.Store.Named] can install is asked in the same
// words. Times are CPU time of that process: wall time says little on a machine that has other things to do.
package dagbag

import (
	"bytes"
	"context"
	_ "embed" // for the program below
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"time"
)

//go:embed read.py
var program string

// Reader reads DAG files with one Airflow. Its methods may be called side by side.
type Reader struct {
	Python  string   // an interpreter that has Airflow
	Home    string   // AIRFLOW_HOME: a folder for settings and logs, which Airflow makes
	Environ []string // further environment, "NAME=VALUE", above that of this process given in Base
	Base    []string // the environment to start from, as os.Environ gives it
	NoCache bool     // as where the DAG folder is read-only: Python keeps no compiled files of what it imports
}

// Imported is what a folder holds.
type Imported struct {
	Airflow  string            // version, "3.3.2"
	DAGs     map[string]DAG    // by id
	Errors   map[string]string // traceback by file, relative to the folder
	Warnings []string          // those that point at a file below the folder, "DeprecationWarning at FILE:LINE: text"
	CPU      time.Duration     // of reading it, without the import of Airflow itself
}

// DAG is one DAG of a folder.
type DAG struct {
	File       string `json:"file"` // relative to the folder
	Tasks      int    `json:"tasks"`
	Serialized int    `json:"serialized"` // bytes of JSON in Airflow's database
}

// Start is what a worker does before it runs a task.
type Start struct {
	CPU   time.Duration // median over the samples, of reading the file in a process that has imported Airflow
	Built int           // DAGs that were built, the wanted one included
}

// Import reads a folder.
func (r Reader) Import(ctx context.Context, folder string) (Imported, error) {
	var answer struct {
		Airflow  string
		CPU      float64
		DAGs     map[string]DAG
		Errors   map[string]string
		Warnings []string
	}
	if err := r.run(ctx, &answer, "import", folder); err != nil {
		return Imported{}, fmt.Errorf("read the DAG folder %s: %w", folder, err)
	}
	return Imported{answer.Airflow, answer.DAGs, answer.Errors, answer.Warnings, seconds(answer.CPU)}, nil
}

// Start reads a file for a task of one of its DAGs, as often as samples says.
func (r Reader) Start(ctx context.Context, file, dag, task string, samples int) (Start, error) {
	var answer struct {
		CPU   float64
		Built int
	}
	if err := r.run(ctx, &answer, "start", file, dag, task, strconv.Itoa(samples)); err != nil {
		return Start{}, fmt.Errorf("start %s.%s from %s: %w", dag, task, file, err)
	}
	return Start{seconds(answer.CPU), answer.Built}, nil
}

// run runs the program and decodes the last line that it printed.
func (r Reader) run(ctx context.Context, answer any, args ...string) error {
	cmd := exec.CommandContext(ctx, r.Python, append([]string{"-c", program}, args...)...)
	cmd.Env = append(slices.Clone(r.Base), "AIRFLOW_HOME="+r.Home, "AIRFLOW__CORE__LOAD_EXAMPLES=False", "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT=0",
		"AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR")
	if r.NoCache {
		cmd.Env = append(cmd.Env, "PYTHONDONTWRITEBYTECODE=1")
	}
	cmd.Env = append(cmd.Env, r.Environ...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", r.Python, err, stderr.String())
	}
	out := bytes.TrimSpace(stdout.Bytes())
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], answer); err != nil {
		return fmt.Errorf("what Airflow printed is no answer: %w\n%s", err, out)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
