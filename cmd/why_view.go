package cmd

import (
	"strconv"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/internal/query"
)

// seenCause is a cause with the time of the picture that shows it, by the server's clock.
type seenCause struct {
	at time.Time
	fleet.Cause
}

func (e explanation) causes() []seenCause {
	return convert(e.answer.Causes, func(c fleet.Cause) seenCause { return seenCause{e.snap.Clock(), c} })
}

// causeView is how causes are listed. Printed in words they say more.
func causeView(a *app) view[seenCause] {
	return view[seenCause]{
		columns: []column[seenCause]{
			{title: "KIND", text: func(c seenCause) string { return c.Kind.String() }},
			{title: "STATE", text: func(c seenCause) string { return c.Health.String() }, shown: func(a *app, c seenCause) string {
				return a.mark(c.Health, c.Health.Word())
			}},
			{title: "WHAT", text: func(c seenCause) string { return c.Title }},
			{title: "TEAM", text: func(c seenCause) string { return c.Team }},
			{title: "OWNER", text: func(c seenCause) string { return c.Owner }, wide: true},
			{title: "SINCE", text: func(c seenCause) string { return stamp(c.Since) }},
			{title: "USUALLY BY", text: func(c seenCause) string { return stamp(c.Usual) }, wide: true},
			{title: "EXPLAINS", text: func(c seenCause) string { return strconv.Itoa(len(c.Explains)) }},
			{title: "RUNS", text: func(c seenCause) string { return strconv.Itoa(c.Runs()) }},
			{title: "KNOWN BY", text: func(c seenCause) string { return c.Known }, wide: true},
			{title: "ENDS WHEN", text: func(c seenCause) string { return c.Ends }},
			{title: "COMMAND", text: func(c seenCause) string { return c.Command }, wide: true},
		},
		fields: query.Over(fleet.CauseFields(a.serverNow), func(c seenCause) fleet.Cause { return c.Cause }),
		name:   func(c seenCause) string { return c.ID },
		object: func(c seenCause) any { return causeOf(c.at, c.Cause) },
		none:   "Nothing failed, and nothing waits.",
	}
}
