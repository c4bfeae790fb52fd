package airflowclient

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"chrononctl/airflowclient/parallel"
)

// pageGlance is how many DAGs one look at the list reads. A few at a time cost the same whatever the size of the fleet.
const pageGlance = 50

// list is one list of DAGs as it was seen last. The rows of the lists of a feed together, each once, are the DAGs that it follows.
type list struct {
	query  DAGQuery
	total  int       // rows, as the server counts them
	paused int       // rows that are paused, as the server counts them
	offset int       // of the next rows that are looked at
	round  time.Time // when the rows from the first one on were looked at, this time
	before time.Time // and the time before: no row is older
}

// wants keeps the rows that the query means: a server may answer with more, see [DAGQuery.matches].
func (l list) wants(rows []DAG) []DAG {
	return slices.DeleteFunc(rows, func(d DAG) bool { return !l.query.matches(d) })
}

// oldestRow is when the oldest row of all lists was read.
func (f *Feed) oldestRow() time.Time {
	oldest := f.lists[0].before
	for _, l := range f.lists {
		if l.before.Before(oldest) {
			oldest = l.before
		}
	}
	return oldest
}

// readAllDAGs reads the whole lists, the pages after the first one side by side.
func (f *Feed) readAllDAGs(ctx context.Context, tell func(update)) error {
	d, err := f.client.connect(ctx)
	if err != nil {
		return err
	}
	start := f.opts.Now()
	first := f.begun
	if f.begun = nil; first == nil {
		if first, _, err = f.firstPages(ctx, tell); err != nil {
			return err
		}
	}
	all := map[string]DAG{}
	for i := range f.lists {
		l := &f.lists[i]
		rows, err := f.readList(ctx, d, l, first[i])
		if err != nil {
			return err
		}
		*l = list{query: l.query, total: len(rows), round: start, before: start}
		for _, dag := range rows {
			if dag.Paused {
				l.paused++
			}
		}
		for _, dag := range l.wants(rows) {
			all[dag.ID] = dag
		}
	}
	if err := f.replaceDAGs(ctx, all, tell); err != nil {
		return err
	}
	f.unlisted = false
	return nil
}

// firstPages reads the first page of each list. At the start it is told as soon as it is there. complete says that there are no others.
func (f *Feed) firstPages(ctx context.Context, tell func(update)) (pages []page, complete bool, err error) {
	d, err := f.client.connect(ctx)
	if err != nil {
		return nil, false, err
	}
	complete = true
	for i := range f.lists {
		l := &f.lists[i]
		first, err := d.dagPage(ctx, l.query, 0, pageGET)
		if err != nil {
			return nil, false, err
		}
		if !f.known(PartDAGs) {
			tell(func(p *picture, c *Changes) {
				for _, dag := range l.wants(f.decodeDAGs(first)) {
					p.putDAG(dag, c)
				}
			})
		}
		pages, complete = append(pages, first), complete && len(first.rows) == first.total
	}
	return pages, complete, nil
}

// readList reads one list, of which the first page is there.
func (f *Feed) readList(ctx context.Context, d dialect, l *list, first page) ([]DAG, error) {
	all, complete, err := f.otherPages(ctx, d, l.query, first)
	if err != nil || complete {
		return all, err
	}
	return d.dags(ctx, l.query) // something moved while the pages were read: once more, one page after the other
}

func (f *Feed) decodeDAGs(p page) []DAG {
	return decodeRows[wireDAG](f.client.conn, "DAG", p.rows, dagKey)
}

// otherPages reads the pages after the first one. They are as long as that one was, however long it should have been. complete
// reports that the list was the same in all of them.
func (f *Feed) otherPages(ctx context.Context, d dialect, q DAGQuery, first page) (all []DAG, complete bool, err error) {
	length := len(first.rows)
	if first.total < 0 {
		return nil, false, nil
	}
	var pages []page
	for offset := length; length > 0 && offset < first.total; offset += length {
		pages = append(pages, page{})
	}
	group, ctx := parallel.WithContext(ctx)
	for i := range pages {
		group.Go(func() (err error) {
			pages[i], err = d.dagPage(ctx, q, (i+1)*length, length)
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

// replaceDAGs makes these the DAGs of the picture. DAGs that join a picture that has runs already bring theirs along.
func (f *Feed) replaceDAGs(ctx context.Context, all map[string]DAG, tell func(update)) error {
	var added []DAG
	hasHistory := f.known(PartHistory)
	f.look(func(p *picture) {
		for id, dag := range all {
			if _, known := p.dags[id]; !known && hasHistory {
				added = append(added, dag)
			}
		}
	})
	var runs []Run
	if len(added) > 0 {
		var err error
		if runs, err = f.readStretches(ctx, f.stretches(added)); err != nil {
			return err
		}
		f.due[PartRuns] = f.opts.Now()
	}
	tell(func(p *picture, c *Changes) {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			delete(f.strangers, id)
			p.putDAG(all[id], c)
		}
		for id := range p.dags {
			if _, listed := all[id]; !listed {
				delete(f.quiet, id)
				p.dropDAG(id, c)
			}
		}
		for _, r := range runs {
			p.putRun(r, c)
		}
	})
	return nil
}

// readSomeDAGs looks at the next few rows of the lists, at how many DAGs each has, and at those that are paused. When the number has changed, another
// DAG is paused, or a row is new, the lists are read as a whole.
func (f *Feed) readSomeDAGs(ctx context.Context, tell func(update)) error {
	d, err := f.client.connect(ctx)
	if err != nil {
		return err
	}
	for i := range f.lists {
		if f.unlisted {
			break
		}
		if err := f.glance(ctx, d, &f.lists[i], tell); err != nil {
			return err
		}
	}
	if f.unlisted {
		return f.readAllDAGs(ctx, tell)
	}
	return nil
}

// glance looks at one list.
func (f *Feed) glance(ctx context.Context, d dialect, l *list, tell func(update)) error {
	start := f.opts.Now()
	paused, err := readPaused(ctx, d, l.query)
	if err != nil {
		return err
	}
	some, err := d.dagPage(ctx, l.query, l.offset, pageGlance)
	if err != nil {
		return err
	}
	rows := l.wants(f.decodeDAGs(some))
	f.unlisted = paused.total != l.paused || some.total != l.total
	f.look(func(p *picture) {
		for _, dag := range rows {
			known, ok := p.dags[dag.ID]
			f.unlisted = f.unlisted || !ok || !reflect.DeepEqual(dag.Tags, known.Tags)
		}
		for _, dag := range l.wants(f.decodeDAGs(paused)) {
			f.unlisted = f.unlisted || !p.dags[dag.ID].Paused
		}
	})
	if f.unlisted {
		return nil
	}
	if l.offset += len(some.rows); len(some.rows) == 0 || l.offset >= some.total {
		l.offset, l.before, l.round = 0, l.round, start
	}
	tell(func(p *picture, c *Changes) {
		for _, dag := range rows {
			p.putDAG(dag, c)
		}
	})
	return nil
}

// readPaused asks for the paused DAGs, as many as a page has: with a row more costs little more than the number alone. As long as there are no more,
// one that is paused while another is unpaused does not go unseen.
func readPaused(ctx context.Context, d dialect, q DAGQuery) (page, error) {
	yes := true
	q.Paused = &yes
	return d.dagPage(ctx, q, 0, pageGET)
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
	broken, err := f.client.ImportErrors(ctx)
	if err != nil {
		return err
	}
	tell(func(p *picture, c *Changes) {
		if !reflect.DeepEqual(p.broken, broken) {
			p.broken, c.ImportErrors = broken, &broken
		}
	})
	return nil
}
