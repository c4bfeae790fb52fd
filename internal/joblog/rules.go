package joblog

import (
	"regexp"
	"strings"
)

// rule names one way in which a job fails.
type rule struct {
	class   string
	hints   []string // texts of which a line must hold one, so that most lines cost no matching; none: the pattern's own business
	pattern *regexp.Regexp
	except  string // a match that goes on with this is none
	remedy  string
}

// rules are those of dagspec/runtime/chronon_rt/joblog.py, in its order: from the most telling to the most general. A test holds the two together.
var rules = [...]rule{
	{"duplicate_stream", []string{"More than one found"}, regexp.MustCompile(`More than one found, please kill them all`), "",
		"kill all applications of this name; the next tick starts one"},
	{"list_apps_failed", []string{"Failed to retrieve"}, regexp.MustCompile(`Failed to retrieve running apps`), "",
		"make the list_apps command of the project work on the worker"},
	{"no_logs_yet", []string{"available logged data"}, regexp.MustCompile(`does not have available logged data yet`), "",
		"check that the join is served online with samplePercent above 0 and that its raw log lands"},
	{"semantic_change", []string{"emantic"}, regexp.MustCompile(`Auto archive is disabled due to semantic hash out of date|SemanticHashException`), "",
		"archive the output table, or run once with --unset-semantic-hash"},
	{"validation", []string{"Validation failed"}, regexp.MustCompile(`Validation failed\. Please check the validation error in log`), "",
		"read the validation errors above in the log and mend the conf"},
	{"duplicate_keys", []string{"Uniqueness check"}, regexp.MustCompile(`Uniqueness check failed for join part`), "",
		"make the key of the join part unique in its source"},
	{"template", []string{"Unresolved template"}, regexp.MustCompile(`Unresolved template macro`), "", "mend the macro in the staging query"},
	{"invalid_mode", []string{"Invalid mode"}, regexp.MustCompile(`Invalid mode:`), "",
		"this job type does not exist for this conf: regenerate the DAGs"},
	{"no_start", []string{"backfillStartDate"}, regexp.MustCompile(`has null backfillStartDate`), "",
		"set backfill_start_date on the GroupBy, or take it off the schedule"},
	{"driver_option", []string{"[scallop]"}, regexp.MustCompile(`\[scallop\] Error: (.+)`), "",
		"the driver refused its options: check the arguments that the project adds to run.py"},
	{"range_failed", []string{"Error handling range"}, regexp.MustCompile(`Error handling range (.+)`), "",
		"the message names the cause; the query of the conf or its input is wrong"},
	{"no_input", []string{"Either partition range"}, regexp.MustCompile(`Either partition range needs to have a valid start or`), "",
		"the input table has no partition yet: wait for it, or check its name"},
	{"out_of_memory", []string{"OutOfMemoryError", "exceeding memory"},
		regexp.MustCompile(`java\.lang\.OutOfMemoryError|Container killed by YARN for exceeding memory`), "",
		"give the job more memory (EXECUTOR_MEMORY, DRIVER_MEMORY in teams.json)"},
	{"driver", []string{"Exception in thread"}, regexp.MustCompile(`Exception in thread "main" (.+)`), "", "read the exception in the log"},
	{"script_missing", []string{"No such file", "exit status 12", "can't open file", "No module named"},
		regexp.MustCompile(`spark_\w+\.sh: No such file|returned non-zero exit status 12[67]\b|can't open file .*run\.py|No module named ai\.chronon|No module named 'ai`), "",
		"run.repo must be the Chronon repository on the worker, with its scripts, and run.python must have chronon-ai"},
	{"run_py", []string{"Error: ", "Exception: "}, regexp.MustCompile(`^(?:\w+\.)*(?:\w*Error|\w*Exception): (.+)`), "Command ",
		"run.py itself failed: read the traceback in the log"},
}

// matches tells whether a line is of this failure.
func (r *rule) matches(line string) bool {
	if !holdsOne(line, r.hints) {
		return false
	}
	m := r.pattern.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	return r.except == "" || !strings.HasPrefix(m[1], r.except)
}

// holdsOne tells whether a line holds one of these texts.
func holdsOne(line string, texts []string) bool {
	for _, t := range texts {
		if strings.Contains(line, t) {
			return true
		}
	}
	return len(texts) == 0
}
