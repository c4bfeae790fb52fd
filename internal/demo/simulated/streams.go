package simulated

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
)

// stream is one streaming application, and what its keep-alive task carries from tick to tick.
type stream struct {
	app      int
	since    time.Time
	lives    bool
	looked   time.Time   // last tick
	restarts []time.Time // of the last 24 hours
	ticks    []byte      // a letter a tick, the last 96
}

const ticksKept = 96

// deaths are when the stream of the story dies: three times, the last time so long before the demo begins that a tick has seen it and ended.
func (p *play) deaths() []time.Time {
	last := p.present.Truncate(tickEvery).Add(-3 * tickEvery / 2)
	return []time.Time{last.Add(-30 * time.Hour), last.Add(-7 * time.Hour), last}
}

// tick is one look of keep-alive at a stream, which it starts again when it is gone.
func (p *play) tick(t dagspec.Task, a airflowtest.Attempt) airflowtest.Outcome {
	if why := readAsked(a.Conf).skips(t); why != "" {
		return skipped(why)
	}
	s := p.streams[t.Conf]
	if s == nil {
		s = &stream{app: 4100 + 7*len(p.streams)}
		p.streams[t.Conf] = s
	}
	state, letter := "alive", byte('a')
	died := t.Conf == dyingStream && slices.ContainsFunc(p.deaths(), func(at time.Time) bool { return at.After(s.looked) && !at.After(a.Start) })
	switch {
	case !s.lives:
		state, letter = "started", 's'
	case died:
		state, letter = "restarted", 'r'
		s.restarts = append(s.restarts, a.Start)
	}
	if state != "alive" {
		s.since, s.lives = a.Start, true
		s.app++
	}
	s.looked = a.Start
	s.restarts = slices.DeleteFunc(s.restarts, func(at time.Time) bool { return at.Before(a.Start.Add(-24 * time.Hour)) })
	s.ticks = append(s.ticks, letter)
	s.ticks = s.ticks[max(0, len(s.ticks)-ticksKept):]

	report := published{
		"group_by": t.Conf, "state": state, "since": rfc3339(s.since), "app_id": fmt.Sprintf("application_1790000000000_%04d", s.app),
		"restarts_24h": len(s.restarts), "ticks": string(s.ticks), "reason": "", "why": "", "awaits": "",
	}
	if p.reports[a.DAGID] == nil {
		p.reports[a.DAGID] = map[string]published{}
	}
	p.reports[a.DAGID][t.Conf] = report
	full := maps.Clone(report)
	full["ever_ran"], full["restarted_at"] = true, mapped(s.restarts, rfc3339)
	log := commandLog(t, a.Day)
	if state == "alive" {
		log = append(log, "All good. No need to start a new app.")
	} else {
		log = append(log, fmt.Sprintf("Submitted application application_1790000000000_%04d", s.app))
	}
	log = append(log, fmt.Sprintf("%s is %s since %s, %d restarts in 24 hours", t.Conf, state, rfc3339(s.since), len(s.restarts)))
	return airflowtest.Outcome{Takes: 4 * time.Second, Log: log, XComs: map[string]string{"chronon_stream": text(full)}}
}

// keepAlive publishes what the ticks of a DAG found.
func (p *play) keepAlive(d dagspec.DAG, a airflowtest.Attempt) airflowtest.Outcome {
	streams, log := []published{}, []string{}
	for _, conf := range slices.Sorted(maps.Keys(p.reports[d.ID])) {
		report := p.reports[d.ID][conf]
		streams = append(streams, report)
		log = append(log, fmt.Sprintf("%s: %s since %s", conf, report["state"], report["since"]))
	}
	view := published{"v": 1, "at": rfc3339(a.Start), "streams": streams}
	return airflowtest.Outcome{Takes: time.Second, Log: log, XComs: map[string]string{"chronon_keep_alive": text(view)}}
}

func rfc3339(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, item := range list {
		out = append(out, f(item))
	}
	return out
}
