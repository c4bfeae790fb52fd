package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
)

// What the runtime publishes, and where (dagspec/runtime/README.md, "What tasks publish").
const (
	keepAliveKey   = "chronon_keep_alive"
	consistencyKey = "chronon_consistency"
	reportVersion  = 1
)

// clockSlack is how far a worker's clock may run ahead of ours before its report is not believed.
const clockSlack = time.Hour

// mostReport is how many bytes a report has at most. The runtime keeps its own far below; a larger one is of somebody else, and not kept.
const mostReport = 1 << 20

// reportsLimit is how many reports are asked for at a time.
const reportsLimit = 8

// decodeReport reads a published value into report. Anything but our own version is an error in words for people: someone else may publish
// under the same name.
func decodeReport(value json.RawMessage, report any) error {
	var head struct {
		V *int `json:"v"`
	}
	if problem := tooLarge(value); problem != "" {
		return errors.New(problem)
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return fmt.Errorf("the report is not the JSON of this program: %w", shapeOf(err))
	}
	switch {
	case head.V == nil:
		return fmt.Errorf("the report has no version")
	case *head.V != reportVersion:
		return fmt.Errorf("the report has version %d, this program reads version %d", *head.V, reportVersion)
	}
	if err := json.Unmarshal(value, report); err != nil {
		return fmt.Errorf("the report is not as version %d should be: %w", reportVersion, shapeOf(err))
	}
	return nil
}

// tooLarge says in words that a report is larger than any that the runtime publishes; empty when it is not.
func tooLarge(value json.RawMessage) string {
	if len(value) <= mostReport {
		return ""
	}
	return fmt.Sprintf("its report has %d KiB, which no report of this program has", len(value)>>10)
}

// shapeOf says in words what a report has that it should not: the decoder's own name types of this program.
func shapeOf(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("it is a %s", wrong.Value)
	}
	return fmt.Errorf("its %s is a %s", wrong.Field, wrong.Value)
}

// confFromTask is the conf that a task belongs to: ids hold the conf's name without its team (dagspec).
func confFromTask(team, taskID, mode string) (string, bool) {
	rest, ok := strings.CutPrefix(taskID, mode+"__")
	if !ok || rest == "" {
		return "", false
	}
	return team + "." + strings.ReplaceAll(rest, "__", "."), true
}

// published is what the summary of a run told: a value, or in words why there is none.
type published struct {
	value   json.RawMessage
	problem string
}

// reportRun is the newest run whose report can be there: it is finished, and its summary ended well as far as is known.
// found says whether there is any finished run at all.
func reportRun(runs []Run) (run Run, found bool) {
	var newest *Run
	for i := range runs {
		if !runs[i].finished() {
			continue
		}
		if newest == nil {
			newest = &runs[i]
		}
		if summaryState(runs[i]) == OK {
			return runs[i], true
		}
	}
	if newest == nil {
		return Run{}, false
	}
	return *newest, true
}

// summaryState is the state of the run's summary task, None when the run has none or was not read.
func summaryState(run Run) Health {
	for _, t := range run.Tasks {
		if t.ID == dagspec.SummaryTask {
			return t.Health
		}
	}
	return None
}

// readReports reads what the newest ended runs of streaming and comparison DAGs published.
func (o *Observer) readReports(ctx context.Context, obs *observation, dags []DAG) {
	var (
		group  parallel.Group
		mu     sync.Mutex
		failed int
		first  error
	)
	group.SetLimit(reportsLimit)
	for _, d := range dags {
		key, ok := reportKey(d.Kind)
		run, ended := reportRun(d.Runs)
		if !ok || !ended {
			continue
		}
		group.Go(func() error {
			told, err := o.report(ctx, run, key)
			mu.Lock()
			defer mu.Unlock()
			obs.reports[airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}] = told
			if err != nil {
				failed++
				first = cmp.Or(first, err)
			}
			return nil
		})
	}
	_ = group.Wait() // every error has become a problem
	if failed > 0 {
		obs.miss(SectionReports, plural(failed, "report"), airflowclient.PartState{Err: first})
	}
}

// withReports puts with each run what was read of its report.
func withReports(dags []DAG, reports map[airflowclient.RunRef]published) {
	for _, d := range dags {
		for i := range d.Runs {
			if told, ok := reports[airflowclient.RunRef{DAGID: d.ID, RunID: d.Runs[i].ID}]; ok && told.problem == "" {
				d.Runs[i].Report = told.value
			}
		}
	}
}

func reportKey(kind dagspec.Kind) (string, bool) {
	switch kind {
	case dagspec.KindStreaming:
		return keepAliveKey, true
	case dagspec.KindComparison:
		return consistencyKey, true
	default:
		return "", false
	}
}

// report reads one report, once for each run that ended. A summary fails after it has published that a stream is not running, and one that did not
// run has published nothing, which costs no request to know.
func (o *Observer) report(ctx context.Context, run Run, key string) (published, error) {
	nothing := published{problem: fmt.Sprintf("its last run, for %s, published no report", dayOf(run))}
	summary := summaryState(run)
	if summary != OK && summary != None {
		nothing.problem = fmt.Sprintf("the summary of its last run, for %s, is %s", dayOf(run), summary.Word())
	}
	if summary != OK && summary != None && summary != Failed {
		return nothing, nil
	}
	if told, ok := o.cachedReport(run); ok {
		return told, nil
	}
	value, err := o.client.XCom(ctx, run.DAGID, run.ID, dagspec.SummaryTask, key)
	switch {
	case airflowclient.IsNotFound(err):
		o.keepReport(run, nothing)
		return nothing, nil
	case err != nil:
		return published{problem: fmt.Sprintf("its report could not be read: %v", err)}, err
	}
	told := published{value: value}
	if problem := tooLarge(value); problem != "" {
		told = published{problem: problem}
	}
	o.keepReport(run, told)
	return told, nil
}
