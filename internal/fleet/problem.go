package fleet

import (
	"fmt"

	"chrononctl/airflowclient"
)

// Section is what a picture is made of, each read by requests of its own.
type Section uint8

// The sections of a picture.
const (
	SectionDAGs         Section = iota // the list of DAGs
	SectionRuns                        // runs under way, runs of the last days, and which of them were marked otherwise
	SectionTasks                       // tasks of runs
	SectionReports                     // what the runtime published of streams and comparisons
	SectionIntent                      // what should run
	SectionHealth                      // the health of Airflow's own components
	SectionImportErrors                // DAG files that do not import
	SectionWords                       // what failed tasks said
)

// String is the section's name for programs.
func (s Section) String() string {
	names := [...]string{"dags", "runs", "tasks", "reports", "intent", "health", "import_errors", "words"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("section_%d", uint8(s))
}

// Problem is a section of a picture that could not be read, or not all of it. What it would have shown is Unknown.
type Problem struct {
	Section Section
	Denied  bool   // because the user may not read it
	Text    string // a sentence for people
}

// String is the sentence.
func (p Problem) String() string { return p.Text }

// Sentences are the problems in words.
func Sentences(problems []Problem) []string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Text
	}
	return texts
}

// problemOf is the first problem with a section; ok is false when all of it was read.
func (s *Snapshot) problemOf(section Section) (p Problem, ok bool) {
	for _, p := range s.Problems {
		if p.Section == section {
			return p, true
		}
	}
	return Problem{}, false
}

// Component is one of the processes that Airflow is made of, as its health endpoint names it (/api/v1/health, /api/v2/monitor/health).
type Component struct {
	Name   string // scheduler, dag_processor, triggerer, metadatabase
	Status string // Airflow's word; healthy ones are not told
}

// The components whose standstill explains more than itself.
const (
	componentScheduler    = "scheduler"
	componentDAGProcessor = "dag_processor"
	componentTriggerer    = "triggerer"
)

// String is the component as Airflow's own pages tell it: "scheduler: unhealthy".
func (c Component) String() string { return c.Name + ": " + c.Status }

// component is a part of Airflow that is not healthy; ok is false when it is, or when nothing is known of it.
func (s *Snapshot) component(name string) (c Component, ok bool) {
	for _, c := range s.Server.Parts {
		if c.Name == name {
			return c, true
		}
	}
	return Component{}, false
}

// miss notes that a section of the picture could not be read, and how old what is shown instead is.
func (obs *observation) miss(section Section, what string, state airflowclient.PartState) {
	since := ""
	if !state.Read.IsZero() {
		since = " since " + state.Read.UTC().Format("15:04:05 UTC")
	}
	obs.problems = append(obs.problems, Problem{
		Section: section, Denied: airflowclient.IsPermission(state.Err), Text: fmt.Sprintf("%s could not be read%s: %v", what, since, state.Err),
	})
}
