package cmd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// exitsEverywhere are the codes that any command may end with; commandExits does not repeat them.
func exitsEverywhere() []ExitCode { return []ExitCode{ExitDone, ExitUsage, ExitInterrupted} }

// commandExits are the codes with which each command may end beside those of every command, by its words. A script shows each of them.
func commandExits() map[string][]ExitCode {
	asks := []ExitCode{ExitFailed, ExitPermission, ExitUnreachable} // a server
	looksUp := with(asks, ExitNotFound)
	judges := with(looksUp, ExitDifferent)
	changes := with(looksUp, ExitRefused)
	waits := []ExitCode{ExitPending, ExitRunFailed}
	places := with(changes, ExitStale, ExitRolledBack, ExitAttention, ExitUnverified, ExitPending)
	checks := []ExitCode{exitCheckWarning, exitCheckCrit, exitCheckUnknown}
	local, known := []ExitCode{ExitFailed}, []ExitCode{ExitFailed, ExitNotFound}
	return map[string][]ExitCode{
		"status": judges, "why": judges, "streaming": looksUp, "freshness": looksUp, "joins": looksUp, "consistency": looksUp,
		"runs": looksUp, "tasks": looksUp, "logs": looksUp, "api": changes, "doctor": {ExitDifferent, ExitPermission, ExitUnreachable},
		"check fleet": checks, "check streaming": checks, "check freshness": checks, "check consistency": checks, "check deploy": checks,

		"trigger": with(changes, waits...), "clear": with(changes, waits...), "upload": with(changes, waits...), "restart": with(changes, waits...),
		"backfill": with(changes, waits...), "backfill rerun": with(changes, waits...), "backfill watch": with(looksUp, waits...), "wait": with(looksUp, waits...),
		"backfill list": looksUp, "backfill pause": changes, "backfill resume": changes, "backfill cancel": changes,
		"mark": changes, "pause": changes, "unpause": changes, "undo": changes, "activity": local,

		"validate": local, "generate": {ExitFailed, ExitRefused}, "plan": judges, "drift": with(asks, ExitDifferent), "deploy": places, "rollback": places,
		"deploy unlock": {ExitFailed, ExitRefused, ExitNotFound}, "history": local, "init": local, "config show": local, "demo": local,
		"context add": local, "context list": local, "context show": known, "context use": known, "context remove": known,
	}
}

// with are the codes of both.
func with(codes []ExitCode, more ...ExitCode) []ExitCode { return slices.Concat(codes, more) }

// exitsOf are all codes that a command documents, in order. The checks have codes of their own alone: a mistake on their command line is UNKNOWN.
func exitsOf(cmd *cobra.Command) []ExitCode {
	words := commandWords(cmd)
	codes := commandExits()[words]
	if words == "check" {
		return []ExitCode{exitCheckUnknown} // it wants to be told what to check
	}
	if strings.HasPrefix(words, "check ") {
		return slices.Concat([]ExitCode{ExitDone}, codes)
	}
	return slices.Sorted(slices.Values(slices.Concat(exitsEverywhere(), codes)))
}

// documentExits puts the codes of each command into its help.
func documentExits(root *cobra.Command) {
	meanings := make(map[ExitCode]string)
	for _, e := range exitMeanings {
		meanings[e.code] = e.meaning
	}
	for _, cmd := range allCommands(root) {
		if !cmd.Runnable() || cmd.Hidden {
			continue
		}
		var text strings.Builder
		for _, code := range exitsOf(cmd) {
			meaning := meanings[code]
			if strings.HasPrefix(commandWords(cmd), "check") {
				meaning = checkNames[code]
			}
			fmt.Fprintf(&text, "\n  %3d  %s", code, meaning)
		}
		annotations := maps.Clone(cmd.Annotations)
		if annotations == nil {
			annotations = make(map[string]string)
		}
		annotations["exits"] = text.String()
		cmd.Annotations = annotations
	}
	// A template of our own would bring text/template along, which calls methods by their names: the linker then keeps every method of the program, 10 MB of them.
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		if err := usage(cmd); err != nil {
			return err
		}
		if exits := cmd.Annotations["exits"]; exits != "" {
			fmt.Fprintf(cmd.OutOrStderr(), "\nExit codes:%s\n", exits)
		}
		return nil
	})
}
