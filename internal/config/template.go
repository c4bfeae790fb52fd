package config

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const (
	templateWidth = 100 // of the comments in a file that init writes
	templateHead  = `# chrononctl.yaml: what Chronon's confs leave open about their DAGs.
#
# Each key stands here with its default, or with an example where it has none, and is commented out: take the "# "
# before a key away to change it. "chrononctl config show --explain" tells what holds and why, and
# "chrononctl config schema" prints a JSON Schema for editors.
`
)

// Template is a project file that sets nothing but its version, and explains every key.
func Template() string {
	var out strings.Builder
	out.WriteString(templateHead)
	for _, key := range Keys() {
		if key.section() == "" {
			out.WriteByte('\n')
			writeKey(&out, key)
		}
	}
	for _, s := range sections() {
		out.WriteByte('\n')
		comment(&out, "", s.doc)
		fmt.Fprintf(&out, "%s:\n", s.name)
		if s.name == "targets" {
			writeTargets(&out)
			continue
		}
		writeSection(&out, s.name)
	}
	return out.String()
}

// writeSection writes the keys of a section, with the mappings that they stand in.
func writeSection(out *strings.Builder, name string) {
	parents := ""
	for _, key := range Keys() {
		if key.section() != name {
			continue
		}
		elements := strings.Split(key.Path, ".")
		above := elements[1 : len(elements)-1]
		if path := strings.Join(above, "."); path != parents {
			parents = path
			for depth, element := range above {
				fmt.Fprintf(out, "%s%s:\n", indent(depth+1, element == "*"), strings.Replace(element, "*", "prod", 1))
			}
		}
		writeKey(out, key)
	}
}

// writeTargets writes a target of every kind, each key explained where it comes first.
func writeTargets(out *strings.Builder) {
	explained := map[string]bool{}
	for _, kind := range targetKinds() {
		comment(out, indent(1, false), kind.doc)
		fmt.Fprintf(out, "%sby_%s:\n", indent(1, true), kind.name)
		for _, key := range append([]targetKey{{name: "kind", example: kind.name}}, kind.keys...) {
			margin := indent(2, false)
			if !explained[key.name] {
				comment(out, margin, docOfTargetKey(key.name))
				explained[key.name] = true
			}
			fmt.Fprintf(out, "%s# %s: %s\n", margin, key.name, key.example)
		}
	}
}

// writeKey writes one key below its explanation. Only the version is set.
func writeKey(out *strings.Builder, key Key) {
	elements := strings.Split(key.Path, ".")
	depth := len(elements) - 1
	margin := indent(depth, false)
	explained := key.Doc
	if key.Type != text().words {
		explained += " Value: " + key.Type + "."
	}
	comment(out, margin, explained)
	value := key.Default()
	if value == "" {
		value = key.Example
	}
	mark := "# "
	if key.Path == "version" {
		mark = ""
	}
	fmt.Fprintf(out, "%s%s%s: %s\n", margin, mark, elements[depth], value)
}

// indent is the space before a line at a depth; a name that is only an example is commented out.
func indent(depth int, example bool) string {
	margin := strings.Repeat("  ", depth)
	if example {
		return margin + "# "
	}
	return margin
}

// comment writes a text as comment lines.
func comment(out *strings.Builder, margin, text string) {
	for line := range strings.Lines(ansi.Wordwrap(strings.ReplaceAll(text, "`", ""), templateWidth-len(margin), "")) {
		fmt.Fprintf(out, "%s# %s\n", margin, strings.TrimSpace(line))
	}
}
