package fleet

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
)

// Options says whose fleet an [Observer] looks at, and how often it asks.
type Options struct {
	Context string           // name of the context, for the head line
	URL     string           // of the Airflow, for the head line
	Teams   []string         // only these; none: all
	Every   time.Duration    // between two looks at the runs, however often pictures are asked for; 0: 12.5 s
	Now     func() time.Time // nil: time.Now

	Intent    *Intent   // what should run, whatever the releases tell; nil: what they tell
	Past      Past      // experience of earlier looks; its zero value is none
	Last      *Snapshot // an earlier picture of the same Airflow, from which is known what ended runs had; nil: none
	Sound     Sound     // when the tasks of runs without trouble are read
	Piecemeal bool      // the first pictures come as soon as there are DAGs to show, see [Snapshot.Partial]
	Reading   []byte    // of [Observer.WriteReading] of an earlier observer of the same teams, to go on from there; nil: none
	Lifetimes Lifetimes // of rows in the KV store; its zero value is not known

	// Definitions are those of a Chronon repository at hand, or nil. They are asked for once, when no release tells what should run; nil: there are none.
	Definitions func() *Intent
}

// How often the parts of a picture are asked for.
const (
	everyRuns  = 12500 * time.Millisecond // with its jitter, always the third of three looks five seconds apart
	everyTasks = time.Minute              // the tasks of runs that are under way, where they are many
	fewTasks   = 50                       // up to so many are read as often as the runs
	oldPicture = 26 * time.Hour           // from then on, an earlier picture says nothing any more
	patience   = time.Minute              // the longest time between two tries at a server that does not answer
)

// Observer makes pictures of one Airflow. It lives on an [airflowclient.Feed]: the first picture costs a reading of everything, each one after it
// what is due by then and what has changed, and most cost nothing. It keeps the tasks and reports of runs that ended, reads the tasks of others
// now and then, and follows closely what was asked for a moment ago. It is safe for use by many goroutines. Make one with [NewObserver].
type Observer struct {
	client *airflowclient.Client
	opts   Options
	names  namer // reads DAG ids whose tags do not say enough
	feed   *airflowclient.Feed
	turn   chan struct{} // held while the feed steps, which is for one at a time

	logs      logTails
	progress  progressCache
	explained explanations

	mu       sync.Mutex // guards the following
	cache    runCache
	intent   intentCache
	unlisted unlistedCache
	shown    map[airflowclient.RunRef]shownRun // runs whose tasks were asked for
	lists    map[string]runList                // runs of DAGs that were asked for
	last     lastPicture
}

// NewObserver makes an observer that has asked nothing yet.
func NewObserver(client *airflowclient.Client, o Options) *Observer {
	o.Every = cmp.Or(o.Every, everyRuns)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Intent == nil {
		o.Intent = &Intent{}
	}
	if o.Definitions != nil {
		o.Definitions = sync.OnceValue(o.Definitions)
	}
	obs := &Observer{
		client: client, opts: o, names: presetNamer(), turn: make(chan struct{}, 1), cache: newRunCache(),
		shown: make(map[airflowclient.RunRef]shownRun), lists: make(map[string]runList),
	}
	if o.Last != nil && o.Now().Sub(o.Last.At).Abs() < oldPicture {
		obs.cache.seed(o.Last.DAGs)
	}
	obs.feed = airflowclient.NewFeed(client, airflowclient.FeedOptions{
		DAGs: obs.queries(), KeepOf: obs.keep, Fast: o.Every, Pause: patience, Now: o.Now, State: o.Reading,
	})
	obs.opts.Last, obs.opts.Reading = nil, nil // they are large
	return obs
}

// queries finds our DAGs. A team's DAGs say so in a tag, or, when they came from elsewhere, in their id.
func (o *Observer) queries() []airflowclient.DAGQuery {
	if len(o.opts.Teams) == 0 {
		return []airflowclient.DAGQuery{{Tags: []string{tagOurs}}}
	}
	var queries []airflowclient.DAGQuery
	for _, team := range o.opts.Teams {
		queries = append(queries,
			airflowclient.DAGQuery{Tags: []string{tagTeam + team, tagOurs}},
			airflowclient.DAGQuery{Tags: []string{tagOurs}, Pattern: team})
	}
	return queries
}

// keep is how far back the runs of a DAG are looked for. Ticks of streaming DAGs soon say nothing any more; the other DAGs have days, each of which
// must be done; and of a DAG that is quiet, as monthly and paused ones are, the last run is found.
func (o *Observer) keep(d airflowclient.DAG) airflowclient.Keep {
	if isStreaming(identify(d.ID, d.Tags, o.names).kind) {
		return airflowclient.Keep{Ended: 3 * time.Hour, Last: 26 * time.Hour}
	}
	return airflowclient.Keep{Ended: 5 * 24 * time.Hour, Failed: 14 * 24 * time.Hour, Last: 70 * 24 * time.Hour}
}

// Observe returns the newest picture, after asking for what is due. What cannot be read becomes a problem in words and unknown health; an error
// means that nothing could be read, and keeps the kind that the client gave it.
func (o *Observer) Observe(ctx context.Context) (Snapshot, error) {
	sent := o.client.Requests().Requests
	if picture, ok := o.begin(ctx); ok {
		return o.partialPicture(ctx, picture)
	}
	picture, err := o.step(ctx)
	if err != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", err)
	}
	if last, ok := o.again(picture); ok {
		return last, nil
	}
	server, err := o.client.Server(ctx)
	if err != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", err)
	}
	obs := o.observed(picture, server)
	dags := o.fillIn(ctx, &obs)
	o.forget(obs.runs)
	if ctx.Err() != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", context.Cause(ctx))
	}
	obs.requests = o.client.Requests().Requests - sent
	made := derive(obs, dags)
	o.publish(made, picture, obs.more)
	return made, nil
}

// begin has the feed read the first of what it does not know yet. It reports false where that is nothing to show, or where nobody wants it.
func (o *Observer) begin(ctx context.Context) (airflowclient.Picture, bool) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return airflowclient.Picture{}, false
	}
	if !o.opts.Piecemeal || !o.feed.Begin(ctx, nil) || ctx.Err() != nil {
		return airflowclient.Picture{}, false
	}
	return o.feed.Picture(), true
}

// partialPicture shows DAGs of which nothing else is known yet.
func (o *Observer) partialPicture(ctx context.Context, p airflowclient.Picture) (Snapshot, error) {
	server, err := o.client.Server(ctx)
	if err != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", err)
	}
	obs := o.observed(p, server)
	obs.intent, obs.health, obs.problems = &Intent{}, nil, nil
	for _, kind := range append(slices.Clone(kinds), "") {
		obs.unread[kind] = true
	}
	made := derive(obs, assemble(obs))
	made.Partial = true
	return made, nil
}

// fillIn reads what the feed does not: the intent, and beside it tasks and reports.
func (o *Observer) fillIn(ctx context.Context, obs *observation) []DAG {
	var (
		reading parallel.Group
		intent  *Intent
		problem error
	)
	reading.Go(func() error {
		intent, problem = o.readIntent(ctx)
		return nil
	})
	o.readTasks(ctx, obs)
	dags := assemble(*obs)
	o.readReports(ctx, obs, dags)
	withReports(dags, obs.reports)
	o.readProgress(ctx, obs, dags)
	_ = reading.Wait() // its error has become a problem
	obs.intent = intent
	if problem != nil {
		obs.miss(SectionIntent, "what should run", airflowclient.PartState{Err: problem})
	}
	o.readUnlisted(ctx, obs)
	return dags
}

// Refresh has the next picture read anew, whatever is known and whenever it is due.
func (o *Observer) Refresh() {
	o.feed.Refresh()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cache, o.last.until = newRunCache(), time.Time{}
	clear(o.lists)
}

// WriteReading writes how far the server was read, for [Options] of a later observer, which then asks only for what has changed; nothing while nothing is
// known, or while the observer reads.
func (o *Observer) WriteReading(w io.Writer) error {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
		return o.feed.WriteState(w)
	default:
		return nil
	}
}

// TeamNames lists the teams that have DAGs here, whichever the observer looks at.
func (o *Observer) TeamNames(ctx context.Context) ([]string, error) {
	dags, err := o.client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{tagOurs}})
	if err != nil {
		return nil, fmt.Errorf("list the teams: %w", err)
	}
	var names []string
	for _, d := range dags {
		names = append(names, identify(d.ID, d.Tags, o.names).team)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// step has the feed read what is due, and returns what it knows then.
func (o *Observer) step(ctx context.Context) (airflowclient.Picture, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return airflowclient.Picture{}, context.Cause(ctx)
	}
	o.feed.Focus(o.inSight()...)
	o.feed.Step(ctx, nil)
	if ctx.Err() != nil {
		return airflowclient.Picture{}, context.Cause(ctx)
	}
	picture := o.feed.Picture()
	o.keepFocused(picture)
	return picture, lost(picture)
}

// lost is the error for which nothing could be read: the list of DAGs never was, or the newest look found no server, or was not let in.
func lost(p airflowclient.Picture) error {
	if dags := p.Parts[airflowclient.PartDAGs]; dags.Read.IsZero() {
		return dags.Err
	}
	if err := p.Parts[airflowclient.PartRuns].Err; airflowclient.IsUnavailable(err) || airflowclient.IsAuth(err) {
		return err
	}
	return nil
}

// staleAfter is the age of the runs from which on they say nothing any more.
const staleAfter = 2 * time.Minute

// observed takes over what the feed knows, and says what it could not read.
func (o *Observer) observed(p airflowclient.Picture, server airflowclient.Server) observation {
	obs := observation{
		at: o.opts.Now(), skew: Skew(o.client, o.opts.Now()), server: server, name: o.opts.Context, url: o.opts.URL, names: o.names,
		past: o.opts.Past, lifetimes: o.opts.Lifetimes, intent: o.opts.Intent, teams: o.opts.Teams, unread: make(map[dagspec.Kind]bool),
		reports: make(map[airflowclient.RunRef]published), dags: p.DAGs, runs: p.Runs, broken: p.ImportErrors,
		read: p.Parts[airflowclient.PartRuns].Read, due: p.Parts[airflowclient.PartRuns].Due,
	}
	if len(o.opts.Teams) > 0 {
		obs.dags = filter(p.DAGs, func(d airflowclient.DAG) bool {
			return slices.Contains(o.opts.Teams, identify(d.ID, d.Tags, o.names).team)
		})
	}
	if p.Parts[airflowclient.PartHealth].Err == nil {
		obs.health = &p.Health
	}
	for part, reads := range feedSections {
		state := p.Parts[part]
		if state.Err != nil {
			obs.miss(reads.section, reads.what, state)
		}
		isRuns := part == airflowclient.PartRuns || part == airflowclient.PartHistory
		if state.Err != nil && isRuns && obs.at.Sub(state.Read) > staleAfter {
			for _, kind := range append(slices.Clone(kinds), "") {
				obs.unread[kind] = true
			}
		}
	}
	return obs
}

// Skew is how far the server's clock is ahead of the local one, to the second. It is zero until the server has answered, and for clocks that are nearly the same.
func Skew(client *airflowclient.Client, now time.Time) time.Duration {
	theirs, heard := client.ServerTime()
	ahead := theirs.Sub(now).Round(time.Second)
	if !heard || ahead.Abs() < sameClock {
		return 0
	}
	return ahead
}

// sameClock is how far two clocks may be apart and count as one: dates of answers are in whole seconds, and answers take time.
const sameClock = 10 * time.Second

// feedSections are what the feed reads of a picture, and the words for it.
var feedSections = map[airflowclient.Part]struct {
	section Section
	what    string
}{
	airflowclient.PartDAGs:         {SectionDAGs, "the list of DAGs"},
	airflowclient.PartRuns:         {SectionRuns, "the runs that are under way"},
	airflowclient.PartHistory:      {SectionRuns, "the runs of the last days"},
	airflowclient.PartEdits:        {SectionRuns, "which runs were marked otherwise"},
	airflowclient.PartHealth:       {SectionHealth, "the health of Airflow's parts"},
	airflowclient.PartImportErrors: {SectionImportErrors, "which DAG files do not import"},
}
