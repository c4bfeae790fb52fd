package cmd

import (
	"strconv"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
)

func newStreamingCmd(a *app) *cobra.Command {
	return snapshotView(a, &cobra.Command{
		Use:   "streaming [TEAM...]",
		Short: "Show every stream: alive, restarted, down, never started and why",
		Long: "Shows each streaming GroupBy as its keep-alive task reported it. A stream of which nothing can be known is unknown, with the reason, never alive.\n\n" +
			"On a pipe a line is: team, GroupBy, state, what it means, why, since, application, restarts in 24 h, ticks (the newest last), day of the upload\n" +
			"that it builds on, next tick, time of the report, reason.",
		Example: "  chrononctl streaming\n  chrononctl streaming payments --query 'restarts>0' --watch\n  chrononctl streaming --jq '.[] | select(.health == \"failed\") | .group_by'",
	}, streamView(a), func(s fleet.Snapshot) []fleet.Stream { return s.Streams })
}

// streamView is how streams are shown.
func streamView(a *app) view[fleet.Stream] {
	return view[fleet.Stream]{
		columns: []column[fleet.Stream]{
			{title: "TEAM", text: func(s fleet.Stream) string { return s.Team }},
			{title: "GROUP BY", text: func(s fleet.Stream) string { return s.GroupBy }},
			{title: "STATE", text: func(s fleet.Stream) string { return s.State }, shown: func(a *app, s fleet.Stream) string {
				return a.mark(s.Health, orWord(s.State, s.Health))
			}},
			{title: "MEANS", text: func(s fleet.Stream) string { return s.Health.String() }, wide: true},
			{title: "WHY", text: func(s fleet.Stream) string { return s.Why.String() }, wide: true},
			{title: "SINCE", text: func(s fleet.Stream) string { return stamp(s.Since) }},
			{title: "APPLICATION", text: func(s fleet.Stream) string { return s.App }},
			{title: "RESTARTS", text: func(s fleet.Stream) string { return strconv.Itoa(s.Restarts) }},
			{title: "TICKS", text: func(s fleet.Stream) string { return s.Ticks }, wide: true, moves: true},
			{title: "UPLOAD", text: func(s fleet.Stream) string { return s.Upload }},
			{title: "NEXT TICK", text: func(s fleet.Stream) string { return stamp(s.NextTick) }, wide: true, moves: true},
			{title: "REPORTED", text: func(s fleet.Stream) string { return stamp(s.At) }, wide: true, moves: true},
			{title: "REASON", text: func(s fleet.Stream) string { return s.Reason }},
		},
		fields: fleet.StreamFields(a.serverNow),
		name:   func(s fleet.Stream) string { return s.GroupBy },
		object: func(s fleet.Stream) any { return streamOf(s) },
		none:   "No streams that meet this.",
	}
}

// orWord is what a report said, or what that means where it said nothing.
func orWord(said string, h fleet.Health) string {
	if said == "" {
		return h.Word()
	}
	return said
}
