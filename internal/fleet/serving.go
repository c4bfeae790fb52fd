package fleet

import (
	"fmt"
	"time"

	"chrononctl/dagspec"
)

// lateUpload is how many days an upload may be late before batch features are stale.
const lateUpload = 2

// serve says in which band the age of served values is. A conf whose own schedule is not daily is as old as it is meant to be while its newest
// wanted day is there.
func (out *Output) serve(d *DAG, j *job, lives Lifetimes, now time.Time) {
	if out.Mode != dagspec.ModeKVLoad && (out.Mode != dagspec.ModeUpload || isLoaded(d, j)) {
		return
	}
	landed, err := dagspec.ParseDate(out.Landed)
	if err != nil {
		return
	}
	out.Serving.Days = int(dagspec.DateOf(now).Time().Sub(landed.Time()) / (24 * time.Hour))
	late := out.Serving.Days - 1 - j.def.Lag
	if j.def.Schedule != "" && out.Landed == out.Wanted {
		late = 0
	}
	age := now.Sub(landed.AddDays(1).Time())
	if !out.At.IsZero() && lives.Batch > 0 && now.Sub(out.At) > lives.Batch {
		out.band(BandNoData, Failed, fmt.Sprintf("loaded %s ago, longer than its rows live (%s): nothing is returned", words(now.Sub(out.At)), words(lives.Batch)))
		return
	}
	switch {
	case late <= lateUpload:
		out.Serving.Band = BandFine
	case lives.Stream > 0 && age > lives.Stream:
		out.band(BandWrong, Failed, fmt.Sprintf("of %s, longer ago than what its stream writes lives (%s): streaming features are partly wrong", out.Landed, words(lives.Stream)))
	default:
		out.band(BandStale, Breach, fmt.Sprintf("of %s, %s late: batch features are stale", out.Landed, plural(late, "day")))
	}
}

func (out *Output) band(b Band, h Health, why string) {
	out.Serving.Band, out.Health = b, Worst(out.Health, h)
	if out.Reason != "" {
		why = out.Reason + "; served: " + why
	}
	out.Reason = why
}

// isLoaded says whether the upload has a KV load, which then is what is served.
func isLoaded(d *DAG, j *job) bool {
	want := "kv_load__" + taskRest(j.def.ID)
	for _, r := range d.Runs {
		for _, t := range r.Tasks {
			if t.ID == want {
				return true
			}
		}
	}
	return false
}

// words is a duration for people: days and hours, or hours and minutes.
func words(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d m", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d m", d/time.Minute)
	}
}
