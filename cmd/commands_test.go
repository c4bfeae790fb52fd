package cmd

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/term"
)

// commandsHead begins docs/commands.md.
const commandsHead = `# Commands

<!-- Made from the tree of commands. After a change there: UPDATE_DOCS=1 go test ./cmd -run TestCommandsAreDocumented -->

` + "`chrononctl help COMMAND`" + ` says more of each, with examples; ` + "`chrononctl help exit-codes`" + ` lists what scripts may rely on. Without a command the console opens
on a terminal. ` + "`chrononctl completion bash|zsh|fish|powershell`" + ` prints what makes a shell complete commands, flags and whatever
has a name: DAGs, runs, tasks, teams, confs, backfills, releases, contexts.

| command | does |
|---|---|
`

// viewsHead begins the part about views.
const viewsHead = `
## Views

The commands of the table below have flags in common. ` + "`-o table|wide|json|jsonl|name`" + ` chooses the format; on a pipe it is tab-separated, without a header, with
every column and nothing cut, times in RFC 3339 and UTC. ` + "`--json MEMBERS`" + ` is JSON with those members alone, ` + "`--jq EXPRESSION`" + ` filters it. ` + "`--query`" + ` takes the same
language as ` + "`/`" + ` in the console: words, ` + "`field:word`" + `, ` + "`field>value`" + `, ` + "`!`" + ` for the opposite; ` + "`@NAME`" + ` is one that the console has saved. ` + "`--watch`" + ` looks again
and again: on a terminal each look replaces the one before, on a pipe a line tells each row that is there at first, new, changed or gone. What could not be read
is said on stderr and never counted as well.

These members are a promise: none is removed or renamed.

| view | --query asks | members of the JSON |
|---|---|---|
`

func testApp() *app {
	return &app{Process: Process{Getenv: func(string) string { return "" }, Now: time.Now, Streams: term.Streams{}}}
}

// commandsPage is docs/commands.md as the tree of commands has it.
func commandsPage() string {
	var page strings.Builder
	page.WriteString(commandsHead)
	for _, cmd := range allCommands(newRoot(testApp())) {
		if cmd.HasParent() && !cmd.Hidden && cmd.Runnable() {
			fmt.Fprintf(&page, "| `%s` | %s |\n", inTable(strings.TrimPrefix(strings.ReplaceAll(cmd.UseLine(), " [flags]", ""), "chrononctl ")), inTable(cmd.Short))
		}
	}
	page.WriteString(viewsHead)
	a := testApp()
	for _, v := range []struct{ name, asks, members string }{
		aboutView("status", cellView()), {"status --tasks", fieldNames(taskRowView(a).fields), memberNames(taskJSON{})},
		{"status -o json", "", memberNames(statusJSON{})},
		aboutView("streaming", streamView(a)), aboutView("why -o jsonl", causeView(a)), {"why -o json", "", memberNames(whyJSON{})}, aboutView("freshness", outputView()), aboutView("joins", calendarView()),
		aboutView("joins --days", dayView()), aboutView("joins --parts", partView()),
		aboutView("consistency", comparisonView()), aboutView("consistency --features", featureView()),
		aboutView("runs", runView(a)), aboutView("tasks", taskView(a)), {"logs -o jsonl", "", memberNames(logJSON{})},
		aboutView("backfill list", backfillView(a)), aboutView("activity", entryView(a)),
		aboutView("context list", contextView()), aboutView("doctor", symptomView()),
	} {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", v.name, v.asks, v.members)
	}
	return page.String()
}

// inTable is text within a table of Markdown.
func inTable(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func aboutView[T any](name string, v view[T]) struct{ name, asks, members string } {
	return struct{ name, asks, members string }{name, fieldNames(v.fields), strings.Join(jsonKeys(*new(T), v.object), ", ")}
}

func memberNames(v any) string { return strings.Join(keysOf(v), ", ") }

func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	const path = "../docs/commands.md"
	want := commandsPage()
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands are; after a look at the difference: UPDATE_DOCS=1 go test ./cmd -run %s", path, t.Name())
	}
}

// TestEveryCommandExplainsItself demands of each command what help prints, and of each that can be run a way to be wrong about its arguments.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, cmd := range allCommands(newRoot(testApp())) {
		if cmd.Short == "" {
			t.Errorf("%s has no short help", cmd.CommandPath())
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: the short help %q ends in a full stop, and no other does", cmd.CommandPath(), cmd.Short)
		}
		takesTeams := strings.Contains(cmd.Use, "TEAM")
		if cmd.Runnable() && cmd.HasParent() && cmd.Args == nil && !takesTeams {
			t.Errorf("%s takes any arguments", cmd.CommandPath())
		}
	}
}
