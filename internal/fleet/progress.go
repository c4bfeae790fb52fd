package fleet

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
	"chrononctl/internal/joblog"
)

// everyProgress is how often the log of a job at work is looked at. A step takes minutes.
const everyProgress = 30 * time.Second

// follower reads the log of one job at work, each line once.
type follower struct {
	tail  *airflowclient.Tail
	lines joblog.Reader
	held  airflowclient.TailLine // the newest line, which may not be complete
	holds bool
	read  time.Time
}

// progressCache is the logs that are followed.
type progressCache struct {
	most      atomic.Int64 // how many
	turn      sync.Mutex   // held while logs are read
	followers map[instance]*follower
}

// readProgress learns from the logs of some jobs at work how far they are: those that compute a range of days before those that compute one, and
// joins before others. What cannot be read says nothing: how long a job usually takes is known without it.
func (o *Observer) readProgress(ctx context.Context, obs *observation, dags []DAG) {
	most := int(o.progress.most.Load())
	if most <= 0 {
		return
	}
	o.progress.turn.Lock()
	defer o.progress.turn.Unlock()
	jobs := followed(dags, most)
	wanted := make(map[instance]*follower, len(jobs))
	var reading parallel.Group
	for _, t := range jobs {
		f := o.progress.followers[instanceOf(t)]
		if f == nil {
			f = &follower{tail: o.client.Tail(airflowclient.LogRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.ID, MapIndex: t.MapIndex, Try: max(t.Try, 1)}, false)}
		}
		wanted[instanceOf(t)] = f
		if obs.at.Sub(f.read) >= everyProgress {
			f.read = obs.at
			reading.Go(func() error {
				f.step(ctx)
				return nil
			})
		}
	}
	_ = reading.Wait() // a step has no error
	o.progress.followers = wanted
	obs.progress = make(map[instance]joblog.Facts, len(wanted))
	for key, f := range wanted {
		obs.progress[key] = f.lines.Facts()
	}
}

// FollowProgress has the logs of so many jobs at work followed from the next picture on, for their steps: of none at first.
func (o *Observer) FollowProgress(jobs int) {
	if o.progress.most.Swap(int64(jobs)) != int64(jobs) {
		o.outdate()
	}
}

// followed chooses whose logs are followed.
func followed(dags []DAG, most int) []*Task {
	byRank := make(map[int][]*Task)
	for i := range dags {
		d := &dags[i]
		if isStreaming(d.Kind) {
			continue
		}
		for r := range d.Runs {
			run := &d.Runs[r]
			if run.finished() {
				continue
			}
			rank := 2
			switch {
			case run.Range.From != run.Range.To:
				rank = 0
			case d.Kind == dagspec.KindJoin:
				rank = 1
			}
			for t := range run.Tasks {
				if task := &run.Tasks[t]; task.Health == Running && task.ID != dagspec.SummaryTask {
					byRank[rank] = append(byRank[rank], task)
				}
			}
		}
	}
	var chosen []*Task
	for _, rank := range slices.Sorted(maps.Keys(byRank)) {
		slices.SortStableFunc(byRank[rank], func(a, b *Task) int { return a.Start.Compare(b.Start) })
		chosen = append(chosen, byRank[rank]...)
	}
	return chosen[:min(len(chosen), most)]
}

// step reads what is new. The newest line waits until the next one shows that it is complete.
func (f *follower) step(ctx context.Context) {
	_, _ = f.tail.Read(ctx, func(line airflowclient.TailLine) { // see readProgress for the error
		if line.Source {
			return
		}
		if f.holds && !line.Replaces {
			f.lines.Feed(f.held.Time, f.held.Text)
		}
		f.held, f.holds = line, true
	})
}
