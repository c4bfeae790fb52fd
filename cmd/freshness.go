package cmd

import (
	"strconv"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
)

func newFreshnessCmd(a *app) *cobra.Command {
	return snapshotView(a, &cobra.Command{
		Use:   "freshness [TEAM...]",
		Short: "Show how fresh each output is: what landed, what is late, how old what is served is",
		Long: "Shows for each output of a conf the newest day that landed, the newest day that should be there, and when it usually lands. What is usual is\n" +
			"learnt from runs that were seen; without enough of them nothing is called late. Uploads and KV loads show how old what is served is, and what\n" +
			"that means: fine, stale, partly_wrong, no_data.\n\n" +
			"On a pipe a line is: team, conf, task, table, state, what it means, newest day, landed at, whether it was looked for, wanted day, usual time,\n" +
			"expected finish, days served, band, reason, DAG.",
		Example: "  chrononctl freshness\n  chrononctl freshness --query 'word:late,failed'\n  chrononctl freshness --query 'late>2h' -o json",
	}, outputView(), func(s fleet.Snapshot) []fleet.Output { return s.Outputs })
}

// outputView is how outputs are shown.
func outputView() view[fleet.Output] {
	return view[fleet.Output]{
		columns: []column[fleet.Output]{
			{title: "TEAM", text: func(o fleet.Output) string { return o.Team }},
			{title: "CONF", text: func(o fleet.Output) string { return o.Conf }},
			{title: "TASK", text: func(o fleet.Output) string { return o.TaskID }},
			{title: "TABLE", text: func(o fleet.Output) string { return o.Table }, wide: true},
			{title: "STATE", text: func(o fleet.Output) string { return o.State.String() }, shown: func(a *app, o fleet.Output) string {
				return a.mark(o.Health, o.State.String())
			}},
			{title: "MEANS", text: func(o fleet.Output) string { return o.Health.String() }, wide: true},
			{title: "LANDED", text: func(o fleet.Output) string { return o.Landed }},
			{title: "AT", text: func(o fleet.Output) string { return stamp(o.At) }},
			{title: "PROVEN", text: func(o fleet.Output) string { return strconv.FormatBool(o.Proven) }, wide: true},
			{title: "WANTED", text: func(o fleet.Output) string { return o.Wanted }},
			{title: "USUALLY BY", text: func(o fleet.Output) string { return stamp(o.Due) }},
			{title: "DONE BY", text: func(o fleet.Output) string { return stamp(o.Finish) }, moves: true},
			{title: "DAYS OLD", text: servedDays},
			{title: "BAND", text: func(o fleet.Output) string { return bandWord(o.Serving.Band) }},
			{title: "REASON", text: func(o fleet.Output) string { return o.Reason }},
			{title: "DAG", text: func(o fleet.Output) string { return o.DAGID }, wide: true},
		},
		fields: fleet.OutputFields(),
		name:   func(o fleet.Output) string { return o.DAGID + "/" + o.TaskID },
		object: func(o fleet.Output) any { return outputOf(o) },
		none:   "No outputs that meet this.",
	}
}

// servedDays is how old what is served is, for outputs that are served.
func servedDays(o fleet.Output) string {
	if o.Serving.Band == fleet.BandNone {
		return ""
	}
	return strconv.Itoa(o.Serving.Days)
}

func bandWord(b fleet.Band) string {
	if b == fleet.BandNone {
		return ""
	}
	return b.String()
}

// outputJSON is an output. Its keys are a promise.
type outputJSON struct {
	Team   string            `json:"team"`
	Conf   string            `json:"conf"`
	DAGID  string            `json:"dag_id"`
	TaskID string            `json:"task_id"`
	Mode   string            `json:"mode"`
	Table  string            `json:"table"`
	State  fleet.OutputState `json:"state"`
	Health fleet.Health      `json:"health"`
	Reason string            `json:"reason"`
	Landed string            `json:"newest_day"`
	At     string            `json:"landed_at"`
	Proven bool              `json:"proven"`
	Wanted string            `json:"wanted_day"`
	Usual  usualJSON         `json:"usual_landing"`
	Due    string            `json:"usually_by"`
	Late   int64             `json:"late_seconds"`
	Finish string            `json:"expected_finish"`
	Band   fleet.Band        `json:"band"`
	Days   int               `json:"served_days"`
}

func outputOf(o fleet.Output) outputJSON {
	return outputJSON{
		o.Team, o.Conf, o.DAGID, o.TaskID, string(o.Mode), o.Table, o.State, o.Health, o.Reason, o.Landed, stamp(o.At), o.Proven, o.Wanted,
		usualOf(o.Usual), stamp(o.Due), int64(o.Late.Seconds()), stamp(o.Finish), o.Serving.Band, o.Serving.Days,
	}
}
