package cmd

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chrononctl/dagspec"
	"chrononctl/internal/demo/simulated"
	"chrononctl/internal/term"
)

// freeArguments are the arguments that nothing is proposed for, with the reason. A word stands for itself in every command, or with the command in one.
func freeArguments() map[string]string {
	return map[string]string{
		"FROM..TO":         "days, of which any range will do",
		"context add NAME": "a new name",
		"PATH":             "the command proposes paths by itself",
		"METHOD":           "the command proposes methods by itself",
	}
}

// freeFlags are the flags that nothing is proposed for, with the reason. Switches, numbers and lengths of time are none of them.
func freeFlags() map[string]string {
	return map[string]string{
		"jq": "an expression", "grep": "an expression", "reason": "a sentence", "until": "a moment", "data": "a body, or a file behind an @",
		"ds": "a day, and one without a run", "repo": "a folder", "out": "a file", "plan": "a file", "output": "a folder, of generate; elsewhere a format is proposed", "diff": "a folder",
		"url": "an address", "timeout": "a length of time, of context add", "server-name": "a name in a certificate", "username": "a name", "accent": "a colour", "environment": "a name that Amazon or Google knows",
		"token-env": "a variable", "password-env": "a variable", "token-command": "a command", "password-command": "a command",
		"token-file": "a file", "password-file": "a file", "ca-file": "a file", "client-cert-file": "a file", "client-key-file": "a file",
		"aws-region": "a name that Amazon knows", "aws-profile": "a name in Amazon's files",
	}
}

// completes says whether a flag proposes something: by a function, or as a file or folder.
func completes(cmd *cobra.Command, f *pflag.Flag) bool {
	_, proposes := cmd.GetFlagCompletionFunc(f.Name)
	return proposes || f.Annotations[cobra.BashCompSubdirsInDir] != nil || f.Annotations[cobra.BashCompFilenameExt] != nil
}

// TestEveryArgumentIsProposedOrSaysWhyNot holds the commands to the proposers: an argument that takes an id proposes those that there are.
func TestEveryArgumentIsProposedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	a := testApp()
	proposers, free, met := a.argumentProposers(), freeArguments(), make(map[string]bool)
	for _, cmd := range allCommands(newRoot(a)) {
		if !cmd.Runnable() || cmd.Hidden {
			continue
		}
		for _, s := range slotsOf(cmd.Use) {
			own := commandWords(cmd) + " " + s.word
			met[s.word], met[own] = true, true
			isFree := free[s.word] != "" || free[own] != ""
			if proposes := argumentProposer(cmd, s, proposers) != nil; proposes == isFree {
				t.Errorf("%s of %q: proposes something: %v, has a reason not to: %v", s.word, cmd.CommandPath(), proposes, isFree)
			}
		}
	}
	for word := range free {
		if !met[word] {
			t.Errorf("no command takes %s, which has a reason to be free", word)
		}
	}
	for word := range proposers {
		if !met[word] {
			t.Errorf("no command takes %s, which is proposed", word)
		}
	}
}

// TestEveryFlagIsProposedOrSaysWhyNot holds flags to the same.
func TestEveryFlagIsProposedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	free, met := freeFlags(), make(map[string]bool)
	counts := []string{"bool", "int", "int64", "duration", "float64"}
	root := newRoot(testApp())
	for _, cmd := range allCommands(root) {
		if cmd.Hidden {
			continue
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			met[f.Name], met[commandWords(cmd)+" "+f.Name] = true, true
			if slices.Contains(counts, f.Value.Type()) || f.Name == "help" || cmd != root && root.PersistentFlags().Lookup(f.Name) == f {
				return
			}
			if free[f.Name] == "" && !completes(cmd, f) {
				t.Errorf("--%s of %q proposes nothing, and nobody says why", f.Name, cmd.CommandPath())
			}
		})
	}
	for name := range free {
		if !met[name] {
			t.Errorf("no command has the flag --%s, which has a reason to be free", name)
		}
	}
	for name := range testApp().flagProposers() {
		if !met[name] {
			t.Errorf("no command has the flag --%s, which is proposed", name)
		}
	}
}

func TestUsagesAreReadIntoArguments(t *testing.T) {
	t.Parallel()
	for use, want := range map[string][]slot{
		"activity":               nil,
		"undo [ID]":              {{"ID", false}},
		"pause DAG...":           {{"DAG", true}},
		"status [TEAM...]":       {{"TEAM", true}},
		"unpause DAG... | --due": {{"DAG", true}},
		"clear DAG RUN [TASK...] | --query QUERY":   {{"DAG", false}, {"RUN", false}, {"TASK", true}},
		"mark DAG RUN success|failed [TASK...]":     {{"DAG", false}, {"RUN", false}, {"success|failed", false}, {"TASK", true}},
		"generate (-o DIR | --diff DIR | --format)": nil,
		"backfill CONF FROM..TO":                    {{"CONF", false}, {"FROM..TO", false}},
	} {
		if got := slotsOf(use); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", use, got, want)
		}
	}
}

// TestProposalsAreHarmless leaves out names that could do something to a terminal, and those that stand there already.
func TestProposalsAreHarmless(t *testing.T) {
	t.Parallel()
	all := []cobra.Completion{"core", "co\x1b[2Jre", "", "corn\tof the field", "payments"}
	if got := strings.Join(beginning(all, []string{"core"}, "co"), " "); got != "corn\tof the field" {
		t.Errorf("%q", got)
	}
	if got := remark("r1", "", "a\tb\x1b", "c"); strings.Count(got, "\t") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

// never is a network on which nobody answers.
type never struct{ asked int }

func (n *never) RoundTrip(r *http.Request) (*http.Response, error) {
	n.asked++
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestCompletionWaitsOnceForAServerThatIsAway measures what a shell waits for, and that nothing is said.
func TestCompletionWaitsOnceForAServerThatIsAway(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"runs", ""}, {"clear", "a_dag", ""}, {"clear", "a_dag", "a_run", ""}, {"why", ""}, {"backfill", "cancel", "a.b.v1", ""}, {"logs", "a_dag", "a_task", "--run", ""}} {
		t.Run(strings.Join(words, " "), func(t *testing.T) {
			t.Parallel()
			cache := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				network := &never{}
				complete := func() time.Duration {
					var out, errs bytes.Buffer
					began := time.Now()
					code := Main(t.Context(), Process{
						Args: append([]string{"__complete"}, words...), Streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Dir: cache,
						Transport: network, Getenv: func(name string) string {
							return map[string]string{"CHRONONCTL_URL": "https://airflow", "CHRONONCTL_CACHE": cache, "CHRONONCTL_PASSWORD": "x", "CHRONONCTL_USERNAME": "x"}[name]
						},
					})
					if proposals, _, _ := strings.Cut(out.String(), ":"); code != 0 || proposals != "" || strings.Contains(errs.String(), "chrononctl:") {
						t.Errorf("code %d, %q, %q", code, out.String(), errs.String())
					}
					return time.Since(began)
				}
				if took := complete(); took != completionPatience {
					t.Errorf("the first one takes %s", took)
				}
				asked := network.asked
				if took := complete(); took != 0 || network.asked != asked {
					t.Errorf("the next one takes %s and asks %d times", took, network.asked-asked)
				}
				time.Sleep(completionSilence)
				if took := complete(); took != completionPatience {
					t.Errorf("a minute later it takes %s", took)
				}
			})
		})
	}
}

// slowList is an Airflow that takes ten seconds to list its DAGs, and none for anything else.
type slowList struct{ http.RoundTripper }

func (s slowList) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/dags") && r.URL.Query().Get("tags") == dagspec.Tag {
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(10 * time.Second):
		}
	}
	return s.RoundTripper.RoundTrip(r)
}

// TestCompletionOfAFleetThatTakesLongToListGoesByTheRelease proposes what the release tells where the list does not come in time.
func TestCompletionOfAFleetThatTakesLongToListGoesByTheRelease(t *testing.T) {
	t.Parallel()
	demo, err := simulated.Start(t.Context(), simulated.Options{Airflow: "3.3", Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := demo.Stop(); err != nil {
			t.Error(err)
		}
	})
	password, err := os.ReadFile(demo.Context().PasswordFile)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		complete := func() time.Duration {
			var out bytes.Buffer
			began := time.Now()
			code := Main(t.Context(), Process{
				Args: []string{"__complete", "backfill", "core."}, Streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard}, Dir: cache,
				Transport: slowList{demo.Airflow.Transport()}, Getenv: func(name string) string {
					return map[string]string{
						"CHRONONCTL_URL": "https://airflow", "CHRONONCTL_CACHE": cache, "CHRONONCTL_PASSWORD": strings.TrimSpace(string(password)), "CHRONONCTL_USERNAME": demo.Context().Username,
					}[name]
				},
			})
			if code != 0 || !strings.Contains(out.String(), "core.customers.v1\n") {
				t.Errorf("code %d, %q", code, out.String())
			}
			return time.Since(began)
		}
		if took := complete(); took != completionPatience {
			t.Errorf("the first one takes %s", took)
		}
		if took := complete(); took != 0 {
			t.Errorf("the next one takes %s", took)
		}
	})
}
