package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
)

// How much is read of what failed tasks said.
const (
	progressKey  = "chronon_progress"
	wordsLimit   = 400              // tasks that are asked; the newest days first
	wordsAtOnce  = 6                // requests under way; the client holds back what is more than it sends
	tailLines    = 300              // lines of a log that are kept: the last ones
	tailWidth    = 2000             // bytes of a line that are kept
	tailPatience = 20 * time.Second // for one log, however long it is
)

// Details reads what [Causes] needs beyond a picture: the outcome that each failed task published, or else the end of its log; which pools are full, and
// which of them waiting tasks want. Where very many failed, those of the DAGs in first are read first. What cannot be read is said in the details; it
// never fails.
func (o *Observer) Details(ctx context.Context, s Snapshot, first map[string]bool) Details {
	failed, waiting := wanted(s, first)
	out := Details{Words: o.readWords(ctx, failed), Slots: make(map[InstanceRef]Slot)}
	if len(waiting) > 0 {
		o.readSlots(ctx, waiting, &out)
	}
	return out
}

// readWords reads what failed tasks said.
func (o *Observer) readWords(ctx context.Context, failed []Task) map[InstanceRef]Words {
	out := make(map[InstanceRef]Words, len(failed))
	var (
		group parallel.Group
		mu    sync.Mutex
	)
	group.SetLimit(wordsAtOnce)
	for _, t := range failed {
		group.Go(func() error {
			words := o.words(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			out[t.Ref()] = words
			return nil
		})
	}
	_ = group.Wait() // every error has become a problem in words
	return out
}

// wanted are the failed tasks whose words say something, newest day first, and the runs in which tasks wait for a slot. What is the matter with a
// stream is told by its report, and what is behind a failure says nothing.
func wanted(s Snapshot, first map[string]bool) (failed []Task, waiting []airflowclient.RunRef) {
	days := make(map[InstanceRef]string)
	told := newExplainer(s, Details{})
	for i := range s.DAGs {
		d := &s.DAGs[i]
		for _, r := range told.stands[d.ID] {
			waits := false
			for _, t := range r.Tasks {
				isTold := isStreaming(d.Kind) && told.streamTask(d, t) != nil || told.summaryRoots(d, r, t) != nil
				if !isTold && (t.State == stateFailed || t.State == stateRetry) {
					failed = append(failed, t)
					days[t.Ref()] = r.Day
				}
				waits = waits || !r.finished() && (t.State == string(airflowclient.StateScheduled) || t.State == string(airflowclient.StateQueued))
			}
			if waits {
				waiting = append(waiting, airflowclient.RunRef{DAGID: r.DAGID, RunID: r.ID})
			}
		}
	}
	rank := func(t Task) int {
		if first[t.DAGID] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(failed, func(a, b Task) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(days[b.Ref()], days[a.Ref()]), strings.Compare(a.DAGID, b.DAGID), compareTasks(a, b))
	})
	return failed[:min(len(failed), wordsLimit)], waiting
}

// words is what one failed task said: its published outcome where that names a reason, else the last line of its log that does.
func (o *Observer) words(ctx context.Context, t Task) Words {
	told, problem := o.outcome(ctx, t)
	if told.text() != "" {
		return told
	}
	line, err := o.lastError(ctx, t)
	switch {
	case airflowclient.IsPermission(err):
		told.Denied, told.Problem = true, err.Error()
	case err != nil:
		told.Problem = fmt.Sprintf("its log could not be read: %v", err)
	case line == "" && problem != "":
		told.Problem = problem
	}
	told.Line = line
	return told
}

// outcome is what the runtime published of a job. A report of another version, or of somebody else, is a problem in words.
func (o *Observer) outcome(ctx context.Context, t Task) (Words, string) {
	if t.IsSensor() || t.ID == dagspec.SummaryTask {
		return Words{}, ""
	}
	ref := airflowclient.InstanceRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.ID, MapIndex: t.MapIndex}
	value, err := o.client.XComOf(ctx, ref, progressKey)
	switch {
	case airflowclient.IsNotFound(err):
		return Words{}, ""
	case err != nil:
		return Words{}, fmt.Sprintf("its outcome could not be read: %v", err)
	}
	var report struct {
		Failure *struct {
			Class   string `json:"class"`
			Message string `json:"message"`
			Remedy  string `json:"remedy"`
		} `json:"failure"`
	}
	if err := decodeReport(value, &report); err != nil {
		return Words{}, err.Error()
	}
	if report.Failure == nil {
		return Words{}, ""
	}
	return Words{Class: report.Failure.Class, Message: report.Failure.Message, Remedy: report.Failure.Remedy}, ""
}

// lastError reads a log to its end, keeps no more than that, and finds the line that names the error.
func (o *Observer) lastError(ctx context.Context, t Task) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tailPatience)
	defer cancel()
	ref := airflowclient.LogRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.ID, MapIndex: t.MapIndex, Try: max(t.Try, 1)}
	ring := make([]LogLine, 0, tailLines)
	next := 0
	_, err := o.client.Tail(ref, true).Read(ctx, func(line airflowclient.TailLine) {
		if line.Source {
			return
		}
		kept := LogLine(line.LogLine)
		kept.Text = strings.Clone(kept.Text[:min(len(kept.Text), tailWidth)])
		if len(ring) < tailLines {
			ring = append(ring, kept)
			return
		}
		ring[next] = kept
		next = (next + 1) % tailLines
	})
	if err != nil {
		return "", err
	}
	return errorOf(slices.Concat(ring[next:], ring[:next])), nil
}

// readSlots reads what the tasks wait for that have no worker: the pools, and which of them each task wants.
func (o *Observer) readSlots(ctx context.Context, runs []airflowclient.RunRef, out *Details) {
	pools, err := o.client.Pools(ctx)
	if err != nil {
		return // then a task that waits for a slot has no known cause
	}
	for _, p := range pools {
		out.Pools = append(out.Pools, PoolUse{Name: p.Name, Slots: p.Slots, Open: p.Open, Scheduled: p.Scheduled})
	}
	instances, err := o.client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: runs})
	if err != nil {
		return
	}
	for _, ti := range instances {
		if ti.State == airflowclient.StateScheduled || ti.State == airflowclient.StateQueued {
			slot := Slot{Pool: ti.Pool}
			if ti.State == airflowclient.StateQueued {
				slot.Since = ti.Queued
			}
			out.Slots[InstanceRef{ti.DAGID, ti.RunID, ti.TaskID, ti.MapIndex}] = slot
		}
	}
}
