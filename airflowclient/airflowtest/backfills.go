package airflowtest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// backfillBody is BackfillPostBody.
type backfillBody struct {
	DAGID     string         `json:"dag_id"`
	From      time.Time      `json:"from_date"`
	To        time.Time      `json:"to_date"`
	Backwards bool           `json:"run_backwards"`
	Conf      map[string]any `json:"dag_run_conf"`
	Reprocess string         `json:"reprocess_behavior"`
	MaxActive int            `json:"max_active_runs"`
	Latest    *bool          `json:"run_on_latest_version"` // 3.1.6 and later
}

// readBackfillBody reads the form and finds the DAG. What makes a backfill impossible is refused in the order of the real one.
func (a *Airflow) readBackfillBody(r *http.Request, start bool) (*dag, Backfill, error) {
	body := backfillBody{Reprocess: "none", MaxActive: 10}
	if err := a.readBody(r, &body); err != nil {
		return nil, Backfill{}, err
	}
	if body.Latest != nil && !a.since(3, 1, 6) {
		return nil, Backfill{}, invalid("extra_forbidden", "Extra inputs are not permitted", "body", "run_on_latest_version")
	}
	asked := Backfill{
		From: body.From, To: body.To, Backwards: body.Backwards, Reprocess: body.Reprocess, MaxActive: body.MaxActive, Conf: body.Conf,
	}
	d, ok := a.dags[body.DAGID]
	refused := func(status int, format string, args ...any) error {
		return &refusal{status: status, detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case !ok:
		return nil, asked, refused(http.StatusNotFound, "Could not find dag %s", body.DAGID)
	case !d.spec.scheduled():
		return nil, asked, a.noSchedule(d)
	case start && a.activeBackfill(body.DAGID) != nil:
		return nil, asked, refused(http.StatusConflict, "There is already a running backfill for dag %s", body.DAGID)
	case asked.From.After(asked.To) && a.since(3, 3, 0):
		return nil, asked, refused(http.StatusUnprocessableEntity, "from_date (%s) must not be after to_date (%s).", pythonISO(asked.From), pythonISO(asked.To))
	case !asked.From.Before(a.now()) && !asked.To.Before(a.now()):
		return nil, asked, refused(http.StatusUnprocessableEntity, "Backfill cannot be executed for future dates.")
	}
	return d, asked, nil
}

func (a *Airflow) noSchedule(d *dag) error {
	words := "%s has no schedule"
	if a.since(3, 3, 0) {
		words = "%s has a non-periodic schedule that does not support backfills"
	}
	return &refusal{status: http.StatusUnprocessableEntity, detail: fmt.Sprintf(words, d.spec.ID)}
}

func (a *Airflow) tryBackfill(r *http.Request) (answer, error) {
	d, asked, err := a.readBackfillBody(r, false)
	if err != nil {
		return answer{}, err
	}
	dates := a.planBackfill(d, asked)
	return collection("backfills", dates, page{limit: len(dates)}, func(date time.Time) row {
		return row{"logical_date": a.when(date)}
	}), nil
}

func (a *Airflow) makeBackfill(r *http.Request) (answer, error) {
	d, asked, err := a.readBackfillBody(r, true)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.backfillRow(a.startBackfill(d, asked))}, nil
}

// listBackfills wants a DAG. One that does not exist has none.
func (a *Airflow) listBackfills(r *http.Request) (answer, error) {
	q := r.URL.Query()
	if !q.Has("dag_id") {
		return answer{}, invalid("missing", "Field required", "query", "dag_id")
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	found := slices.DeleteFunc(slices.Clone(a.backfills), func(b *backfill) bool { return b.dag != q.Get("dag_id") || a.hidden[b.dag] })
	return collection("backfills", found, p, a.backfillRow), nil
}

func (a *Airflow) backfillOf(r *http.Request) (*backfill, error) {
	i := slices.IndexFunc(a.backfills, func(b *backfill) bool { return b.number == number(r.PathValue("id")) })
	if i < 0 {
		return nil, notFound("Backfill not found")
	}
	return a.backfills[i], nil
}

func (a *Airflow) readBackfill(r *http.Request) (answer, error) {
	b, err := a.backfillOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.backfillRow(b)}, nil
}

// steerBackfill pauses, unpauses or cancels. The first two may be asked for twice.
func (a *Airflow) steerBackfill(r *http.Request) (answer, error) {
	b, err := a.backfillOf(r)
	if err != nil {
		return answer{}, err
	}
	if !b.completed.IsZero() {
		return answer{}, conflict("Backfill is already completed.")
	}
	switch r.PathValue("verb") {
	case "pause":
		a.pauseBackfill(b, true)
	case "unpause":
		a.pauseBackfill(b, false)
	case "cancel":
		a.cancelBackfill(b)
	default:
		return answer{}, notFound("Not Found")
	}
	return answer{body: a.backfillRow(b)}, nil
}

func (a *Airflow) backfillRow(b *backfill) row {
	conf := b.Conf
	if conf == nil {
		conf = row{}
	}
	return row{
		"id": b.number, "dag_id": b.dag, "from_date": a.when(b.From), "to_date": a.when(b.To), "dag_run_conf": conf, "is_paused": b.paused,
		"reprocess_behavior": b.Reprocess, "max_active_runs": b.MaxActive, "created_at": a.when(b.created), "updated_at": a.when(b.updated),
		"completed_at": a.when(b.completed),
	}
}
