package action

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/query"
)

// manyScope is the same tasks in one or more runs of a DAG, which Airflow is asked about in one request.
type manyScope struct {
	ClearScope // of one run

	runs     []string
	from, to time.Time // logical dates of the runs, the first and the last; zero: one of them has none, and there is one
}

// scopesOf are the tasks that meet a query, those of one DAG together that are the same in several runs; and how many runs they are of. The rows are in order.
func scopesOf(rows []taskRow, filter query.Filter[taskRow], downstream bool) (scopes []manyScope, runs int) {
	var perRun []manyScope
	for _, row := range rows {
		if !filter.Match(row) {
			continue
		}
		if last := len(perRun) - 1; last >= 0 && perRun[last].DAGID == row.DAGID && perRun[last].RunID == row.RunID {
			perRun[last].TaskIDs = append(perRun[last].TaskIDs, row.TaskID)
			continue
		}
		one := ClearScope{DAGID: row.DAGID, RunID: row.RunID, TaskIDs: []string{row.TaskID}, Downstream: downstream}
		perRun = append(perRun, manyScope{ClearScope: one, runs: []string{row.RunID}, from: row.at, to: row.at})
	}
	at := map[string]int{} // places in scopes
	for _, one := range perRun {
		one.TaskIDs = slices.Compact(one.TaskIDs) // the instances of a mapped task
		key := one.DAGID + "\n" + strings.Join(one.TaskIDs, "\n")
		known, same := at[key]
		if !same || one.from.IsZero() || scopes[known].from.IsZero() {
			at[key], scopes = len(scopes), append(scopes, one)
			continue
		}
		scopes[known].add(one)
	}
	return scopes, len(perRun)
}

// add takes up another run.
func (s *manyScope) add(one manyScope) {
	s.runs = append(s.runs, one.RunID)
	if one.from.Before(s.from) {
		s.from = one.from
	}
	if one.to.After(s.to) {
		s.to = one.to
	}
}

// wouldClearAll asks Airflow about many runs, three requests at a time.
func (p *Planner) wouldClearAll(ctx context.Context, scopes []manyScope) ([]Target, error) {
	found := make([][]Target, len(scopes))
	group, ctx := parallel.WithContext(ctx)
	group.SetLimit(pace.AtATime)
	var mu sync.Mutex
	done := 0
	for i, scope := range scopes {
		group.Go(func() (err error) {
			if found[i], err = p.wouldClearMany(ctx, scope); err != nil || p.Progress == nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			p.Progress(done, len(scopes))
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// wouldClearMany asks Airflow which task instances a clear takes. Of several runs it asks by their dates, and leaves out what is of others between them: a dry
// run changes nothing.
func (p *Planner) wouldClearMany(ctx context.Context, scope manyScope) ([]Target, error) {
	if len(scope.runs) == 1 {
		return p.wouldClear(ctx, scope.ClearScope)
	}
	would, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{
		DAGID: scope.DAGID, From: scope.from, To: scope.to, TaskIDs: scope.TaskIDs, Downstream: scope.Downstream, DryRun: true,
	})
	if err != nil {
		return nil, err
	}
	var targets []Target
	for _, ti := range would {
		if slices.Contains(scope.runs, ti.RunID) {
			targets = append(targets, Target{DAGID: scope.DAGID, RunID: ti.RunID, TaskID: ti.TaskID})
		}
	}
	return distinct(targets), nil
}
