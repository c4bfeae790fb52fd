package dagspec

import (
	"fmt"
	"strings"
	"unicode"
)

// projectFile is what diagnostics of settings name: the file that people write them into, beside teams.json.
const projectFile = "chrononctl.yaml"

// checkSettings reports settings that no DAG could work with.
func (b *builder) checkSettings() {
	about := b.about(projectFile)
	if _, err := everyCron(b.s.Stream.Every); err != nil {
		about.err(codeSettings, "streaming.every", err.Error(), "use 15m, or another divisor of an hour")
	}
	if b.s.LoadStats && !b.s.loadsStats() {
		about.err(codeSettings, "dags.load_stats", "the project does not say how a table gets into the KV store", "set kv_load, or take dags.load_stats out")
	}
	if mode := b.s.JoinBackfill; mode != "" && mode != joinBackfillJob && mode != joinBackfillParts {
		about.err(codeSettings, "dags.join_backfill", fmt.Sprintf("%q is no way to fill a join", mode), "write job or parts")
	}
	if layout := b.s.Layout; layout != "" && layout != LayoutTeam && layout != LayoutDAG {
		about.err(codeSettings, "layout", fmt.Sprintf("%q is no layout of files", layout), "write team or dag")
	}
	for path, value := range b.s.runWords() {
		if strings.ContainsFunc(value, unicode.IsSpace) {
			about.err(codeSettings, path, fmt.Sprintf("%q contains white space, at which run.py would split it", value), "use a path or value without spaces")
		} else if strings.ContainsFunc(value, unicode.IsControl) {
			about.err(codeSettings, path, fmt.Sprintf("%q contains a control character", value), "take it out")
		}
	}
	for path, value := range b.s.commandWords() {
		if strings.ContainsRune(value, 0) {
			about.err(codeSettings, path, fmt.Sprintf("%q contains a NUL, which no command line can hold", value), "take it out")
		}
	}
	for name, value := range b.s.Run.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			about.err(codeSettings, "run.env."+name, fmt.Sprintf("%q=%q cannot be an environment variable", name, value),
				"a name needs a letter and no =, and neither name nor value can hold a NUL")
		}
	}
}

// runWords are the values that become arguments of run.py, by their path in the project file.
func (s Settings) runWords() map[string]string {
	words := map[string]string{"run.repo": s.Run.Repo, "run.run_py": s.Run.RunPy, "run.python": s.Run.Python, "chronon.confs": s.ConfRoot, "dags.metadata_export": s.MetadataExport}
	addWords(words, "run.args", s.Run.Args)
	addWords(words, "streaming.list_apps", s.Stream.ListApps)
	return words
}

// commandWords are the arguments of the project's own commands, by their path in the project file.
func (s Settings) commandWords() map[string]string {
	words := map[string]string{}
	addWords(words, "sensors.argv", s.Sensors.Argv)
	addWords(words, "consistency.argv", s.Compare.Argv)
	if s.KVLoad != nil {
		addWords(words, "kv_load.argv", s.KVLoad.Argv)
	}
	return words
}

func addWords(words map[string]string, path string, values []string) {
	for i, value := range values {
		words[fmt.Sprintf("%s[%d]", path, i)] = value
	}
}
