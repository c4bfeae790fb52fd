package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// scripted is a line of a script that runs the program.
var scripted = regexp.MustCompile(`^(!\s*)?(?:exits (\d+) )?(exec )?chrononctl(?: (.*))?$`)

// quoted is an argument of a script: in quotes, where ” is one of them, or without.
var quoted = regexp.MustCompile(`(?:'(?:[^']|'')*'|[^\s'])+`)

// scriptedExits are the exit codes that scripts demand of each command, with a place where they do.
func scriptedExits(t *testing.T, root *cobra.Command) map[*cobra.Command]map[ExitCode]string {
	t.Helper()
	seen := make(map[*cobra.Command]map[ExitCode]string)
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines, _, _ := strings.Cut(string(text), "\n-- ")
		for i, line := range strings.Split(lines, "\n") {
			match := scripted.FindStringSubmatch(line)
			if match == nil {
				continue
			}
			place := fmt.Sprintf("%s:%d", path, i+1)
			if match[1] != "" || match[2] == "" && match[3] == "" {
				t.Errorf("%s: say which code it exits with: %s", place, line)
			}
			code, _ := strconv.Atoi(match[2])
			var args []string
			for _, arg := range quoted.FindAllString(match[4], -1) {
				args = append(args, strings.Trim(arg, "'"))
			}
			cmd, _, err := root.Find(args)
			if err != nil {
				cmd = root // a command that is none
			}
			if seen[cmd] == nil {
				seen[cmd] = make(map[ExitCode]string)
			}
			seen[cmd][ExitCode(code)] = place
		}
	}
	return seen
}

// TestScriptsShowEveryExitCode demands of the scripts that they run each command with each exit code of its help, and with no other. What an
// interrupted program and a console in a terminal end with is in tests of their own (TestWatchingAPipeTellsEachChangeOnce, and those of the built program).
func TestScriptsShowEveryExitCode(t *testing.T) {
	t.Parallel()
	root := newRoot(testApp())
	root.InitDefaultCompletionCmd()
	seen := scriptedExits(t, root)
	for _, cmd := range allCommands(root) {
		if !cmd.Runnable() || cmd.Hidden {
			continue
		}
		documented := exitsOf(cmd)
		for _, code := range documented {
			if _, shown := seen[cmd][code]; !shown && code != ExitInterrupted && cmd.Name() != "console" {
				t.Errorf("no script runs %q with exit code %d", cmd.CommandPath(), code)
			}
		}
		for code, place := range seen[cmd] {
			if !slices.Contains(documented, code) {
				t.Errorf("%s: %q exits with %d, which its help does not say", place, cmd.CommandPath(), code)
			}
		}
	}
}

// TestExitCodesAreOfCommands holds the table of exit codes to the commands that there are.
func TestExitCodesAreOfCommands(t *testing.T) {
	t.Parallel()
	var words []string
	for _, cmd := range allCommands(newRoot(testApp())) {
		words = append(words, commandWords(cmd))
	}
	for command := range commandExits() {
		if !slices.Contains(words, command) {
			t.Errorf("there is no command %q", command)
		}
	}
}
