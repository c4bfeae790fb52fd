// Package tui is the console: what an operator sees and presses. Bubble Tea lives here and nowhere else.
//
// # Shape
//
// One model receives every message ([root]); everything else is plain values with methods that it calls. A screen is such a value: it says
// what data it needs, makes rows of what has arrived, draws itself into a rectangle, and lists the keys that work on it. Screens never load,
// never wait and never read a clock.
//
//	console.go      Options and Run                 screen.go       what a screen is
//	linear.go       the same without a screen       palette.go      ":" and its commands.go
//	filter.go       what tables can be asked        refer.go        ids, command lines and pages of what is selected
//	changes.go      keys that change something      form.go         what a change needs to know before its plan
//	deploy_run.go   a deploy that is under way      notebook.go     what is kept between sessions
//	root.go         the order in which messages go  listing.go      screens that are made of tables
//	shell.go        what screens may use            *_screen.go     the screens; pager.go those that show text
//	memo.go         what frames ask for again       side_pane.go    what is selected, in full, on a wide terminal
//	store.go        answers, by query, with age     dialog.go       what lies over a screen: plan_dialog.go, help.go, leave.go
//	poll.go         which needs are loaded, when    binding.go      keys: one value for footer, help and dispatch
//	frame.go        head, path, body, status, keys  theme.go        colours and glyphs; palettes.go the colours themselves
//
// The widgets (tui/table, tui/logpane, tui/calendar, tui/timeline, tui/tree, tui/strip) and the way text is painted (tui/paint) know nothing of Chronon or Airflow.
//
// # Messages
//
// An update goes through the same steps each time: surroundings (size, colours, focus), data (an answer arrives at the [store], which drops
// it when a newer question was asked), the dialog if one is open, the prompt if one is open, the keys of the screen and of the console.
// Then the poll decides, once, what is asked next: whatever the visible screen and the head line need and is older than the interval.
// A load is cancelled when nothing visible needs it any more.
//
// # What it promises
//
//   - A row is addressed by identity. A refresh between looking and pressing cannot make a key act on something else.
//   - A failed refresh keeps the last good data, shows its age and the error, and takes no key away.
//   - Every change is a plan that was read first. A dialog that opens by itself ignores keys until the keyboard is quiet.
//   - Escape and Ctrl-C never change anything. A read-only console has no key that does.
//   - Text from Airflow, confs and logs passes [chrononctl/internal/term.Clean] before it is drawn.
package tui
