package fleet

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

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

// decodeReport reads a published value into report. Anything but our own version is an error in words for people: someone else may publish
// under the same name.
func decodeReport(value json.RawMessage, report any) error {
	var head struct {
		V *int `json:"v"`
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return fmt.Errorf("the report is not the JSON of this program: %w", err)
	}
	switch {
	case head.V == nil:
		return fmt.Errorf("the report has no version")
	case *head.V != reportVersion:
		return fmt.Errorf("the report has version %d, this program reads version %d", *head.V, reportVersion)
	}
	if err := json.Unmarshal(value, report); err != nil {
		return fmt.Errorf("the report is not as version %d should be: %w", reportVersion, err)
	}
	return nil
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
