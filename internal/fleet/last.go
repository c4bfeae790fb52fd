package fleet

import (
	"time"

	"chrononctl/airflowclient"
)

// lastPicture is the picture that was made last, and for how long it stands: a large fleet is not thought through anew because it was looked at.
type lastPicture struct {
	Snapshot
	generation uint64    // of the feed's picture that it shows
	rows       uint64    // and of its rows
	until      time.Time // from then on, something is due that the feed does not read; zero: whoever asks waits for a new one
}

// again returns the picture once more, as of the newest look of the feed, where it still stands and that look has shown nothing else.
func (l *lastPicture) again(p airflowclient.Picture, now time.Time) (s Snapshot, ok bool) {
	isNew := p.Rows != l.rows || p.Generation != l.generation && anyFailed(p.Parts)
	if isNew || !now.Before(l.until) {
		return Snapshot{}, false
	}
	runs := p.Parts[airflowclient.PartRuns]
	l.Read, l.Due, l.Requests, l.generation = runs.Read, runs.Due, 0, p.Generation
	return l.Snapshot, true
}

func anyFailed(parts map[airflowclient.Part]airflowclient.PartState) bool {
	for _, state := range parts {
		if state.Err != nil {
			return true
		}
	}
	return false
}

// again returns the last picture where that still stands.
func (o *Observer) again(p airflowclient.Picture) (Snapshot, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last.again(p, o.opts.Now())
}

// publish keeps a picture. Where the tasks of runs under way are few, where some were left for the next picture, and where something could not be read,
// it stands no longer than the look at the runs; else until the tasks are due.
func (o *Observer) publish(s Snapshot, p airflowclient.Picture, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	stands := everyTasks
	if few := o.cache.atWork > 0 && o.cache.atWork <= fewTasks; few || more || len(s.Problems) > 0 {
		stands = o.opts.Every
	}
	o.last = lastPicture{s, p.Generation, p.Rows, s.At.Add(stands)}
}

// outdate has the next picture made anew.
func (o *Observer) outdate() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last.until = time.Time{}
}
