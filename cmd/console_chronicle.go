package cmd

import (
	"context"
	"slices"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/tui"
)

// consoleEvents is how many events of Airflow's log are shown.
const consoleEvents = 200

// chronicle tells the console what was changed from this machine, what others did, and what the console costs.
type chronicle struct {
	client  *airflowclient.Client
	journal *action.Journal
}

// Journal returns the changes made from this machine, newest first.
func (c chronicle) Journal(context.Context) ([]action.Entry, error) {
	entries, err := c.journal.Entries()
	slices.SortStableFunc(entries, func(a, b action.Entry) int { return b.At.Compare(a.At) })
	return entries, err
}

// Events returns Airflow's newest events.
func (c chronicle) Events(ctx context.Context) ([]tui.Event, error) {
	list, err := c.client.Events(ctx, airflowclient.EventQuery{Limit: consoleEvents})
	return convert(list, func(e airflowclient.Event) tui.Event {
		return tui.Event{ID: e.ID, At: e.Time, What: e.Event, Who: e.Owner, DAGID: e.DAGID, RunID: e.RunID, TaskID: e.TaskID, Extra: e.Extra}
	}), err
}

// Meter counts the requests of this process.
func (c chronicle) Meter() tui.Meter {
	m := c.client.Requests()
	return tui.Meter{
		Requests: m.Requests, Received: m.Received, Minute: m.Minute.MinuteRequests,
		Purposes: convert(m.ByPurpose, func(u airflowclient.Usage) tui.Purpose {
			return tui.Purpose{Name: u.Purpose, Requests: u.Requests, Minute: u.MinuteRequests}
		}),
	}
}
