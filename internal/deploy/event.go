package deploy

// Step is a stage of a deploy, in the order in which they happen.
type Step string

// The steps. A deploy that changes nothing has StepVerify alone; one that fails ends in StepRollback and a second StepVerify.
const (
	StepLock     Step = "lock"
	StepStage    Step = "stage"    // contents are kept, and supporting files placed
	StepCanary   Step = "canary"   // one changed file of each kind goes first, and is seen live
	StepUpload   Step = "upload"   // DAG files
	StepCommit   Step = "commit"   // the manifest becomes the live one
	StepNudge    Step = "nudge"    // Airflow is asked to look
	StepVerify   Step = "verify"   // each DAG is seen at this content
	StepActivate Step = "activate" // new DAGs are unpaused
	StepPrune    Step = "prune"    // what is no longer wanted goes
	StepRollback Step = "rollback"
)

// Event is one piece of progress.
type Event struct {
	Step   Step   `json:"step"`
	Detail string `json:"detail,omitempty"` // what is at work, or what was found; may hold text from Airflow
	Done   int    `json:"done"`
	Total  int    `json:"total"` // 0: nothing to count
}

// Progress takes events as they happen, on the goroutine that called Apply. It must not wait.
type Progress func(Event)

// say tells an event to whoever listens.
func (p Progress) say(step Step, done, total int, detail string) {
	if p != nil {
		p(Event{Step: step, Detail: detail, Done: done, Total: total})
	}
}
