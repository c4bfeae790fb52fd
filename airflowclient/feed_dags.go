package airflowclient

import (
	"context"
	"reflect"

	"golang.org/x/sync/errgroup"
)

// pageGlance is how many DAGs one look at the list reads. A few at a time cost the same whatever the size of the fleet.
const pageGlance = 50

// readAllDAGs reads the whole list, the pages after the first one side by side. At the start the first page is told as soon as it is there.
func (f *Feed) readAllDAGs(ctx context.Context, tell func(update)) error {
	d, err := f.client.connect(ctx)
	if err != nil {
		return err
	}
	first, err := d.dagPage(ctx, f.query(), 0, pageGET)
	if err != nil {
		return err
	}
	if !f.known(PartDAGs) {
		tell(func(p *picture, c *Changes) {
			for _, dag := range f.wanted(f.decodeDAGs(first)) {
				p.putDAG(dag, c)
			}
		})
	}
	all, complete, err := f.otherPages(ctx, d, first)
	if err != nil {
		return err
	}
	if !complete { // something moved while the pages were read: once more, one page after the other
		if all, err = d.dags(ctx, f.query()); err != nil {
			return err
		}
	}
	f.total, f.paused, f.offset = len(all), 0, 0
	for _, dag := range all {
		if dag.Paused {
			f.paused++
		}
	}
	return f.replaceDAGs(ctx, f.wanted(all), tell)
}

// query is what the server is asked for. It may answer with more, see [DAGQuery.matches].
func (f *Feed) query() DAGQuery { return DAGQuery{Tags: f.opts.Tags} }

// wanted keeps the DAGs that the feed follows.
func (f *Feed) wanted(dags []DAG) []DAG {
	q := f.query()
	var kept []DAG
	for _, d := range dags {
		if q.matches(d) {
			kept = append(kept, d)
		}
	}
	return kept
}

func (f *Feed) decodeDAGs(p page) []DAG {
	return decodeRows[wireDAG](f.client.conn, "DAG", p.rows, dagKey)
}

// otherPages reads the pages after the first one. They are as long as that one was, however long it should have been. complete
// reports that the list was the same in all of them.
func (f *Feed) otherPages(ctx context.Context, d dialect, first page) (all []DAG, complete bool, err error) {
	length := len(first.rows)
	if first.total < 0 {
		return nil, false, nil
	}
	var pages []page
	for offset := length; length > 0 && offset < first.total; offset += length {
		pages = append(pages, page{})
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range pages {
		group.Go(func() (err error) {
			pages[i], err = d.dagPage(ctx, f.query(), (i+1)*length, length)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, false, err
	}
	seen := map[string]bool{}
	rows := 0
	for _, p := range append([]page{first}, pages...) {
		if p.total != first.total {
			return nil, false, nil
		}
		rows += len(p.rows)
		for _, dag := range f.decodeDAGs(p) {
			seen[dag.ID] = true
			all = append(all, dag)
		}
	}
	return all, rows == first.total && len(seen) == len(all), nil
}

// replaceDAGs makes the list of the picture this one. DAGs that join a picture that has runs already bring theirs along.
func (f *Feed) replaceDAGs(ctx context.Context, all []DAG, tell func(update)) error {
	var added []DAG
	hasHistory := f.known(PartHistory)
	f.look(func(p *picture) {
		for _, dag := range all {
			if _, known := p.dags[dag.ID]; !known && hasHistory {
				added = append(added, dag)
			}
		}
	})
	var runs []Run
	if len(added) > 0 {
		var err error
		if runs, _, err = f.endedRuns(ctx, added, false); err != nil {
			return err
		}
		f.due[PartRuns] = f.opts.Now()
	}
	tell(func(p *picture, c *Changes) {
		listed := make(map[string]bool, len(all))
		for _, dag := range all {
			listed[dag.ID] = true
			delete(f.strangers, dag.ID)
			p.putDAG(dag, c)
		}
		for id := range p.dags {
			if !listed[id] {
				p.dropDAG(id, c)
			}
		}
		for _, r := range runs {
			p.putRun(r, c)
		}
	})
	return nil
}

// readSomeDAGs looks at the next few rows of the list, and at two numbers: how many DAGs there are, and how many are paused. When
// one of them has changed, or a row is new, the whole list is read.
func (f *Feed) readSomeDAGs(ctx context.Context, tell func(update)) error {
	d, err := f.client.connect(ctx)
	if err != nil {
		return err
	}
	if f.total < 0 {
		return f.readAllDAGs(ctx, tell)
	}
	paused, err := f.countPaused(ctx, d)
	if err != nil {
		return err
	}
	some, err := d.dagPage(ctx, f.query(), f.offset, pageGlance)
	if err != nil {
		return err
	}
	rows := f.wanted(f.decodeDAGs(some))
	moved := paused != f.paused || some.total != f.total
	f.look(func(p *picture) {
		for _, dag := range rows {
			known, ok := p.dags[dag.ID]
			moved = moved || !ok || !reflect.DeepEqual(dag.Tags, known.Tags)
		}
	})
	if moved {
		return f.readAllDAGs(ctx, tell)
	}
	if f.offset += len(some.rows); len(some.rows) == 0 || f.offset >= some.total {
		f.offset = 0
	}
	tell(func(p *picture, c *Changes) {
		for _, dag := range rows {
			p.putDAG(dag, c)
		}
	})
	return nil
}

// countPaused asks for one row and reads the number of all.
func (f *Feed) countPaused(ctx context.Context, d dialect) (int, error) {
	yes, q := true, f.query()
	q.Paused = &yes
	p, err := d.dagPage(ctx, q, 0, 1)
	return p.total, err
}

func (f *Feed) readHealth(ctx context.Context, tell func(update)) error {
	health, err := f.client.Health(ctx)
	if err != nil {
		return err
	}
	tell(func(p *picture, c *Changes) {
		if !reflect.DeepEqual(p.health, health) {
			p.health, c.Health = health, &health
		}
	})
	return nil
}

func (f *Feed) readImportErrors(ctx context.Context, tell func(update)) error {
	list, err := f.client.ImportErrors(ctx)
	if err != nil {
		return err
	}
	tell(func(p *picture, c *Changes) {
		if !reflect.DeepEqual(p.broken, list) {
			p.broken, c.ImportErrors = list, &list
		}
	})
	return nil
}
