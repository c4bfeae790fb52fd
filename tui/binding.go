package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// section groups keys in the help.
type section uint8

const (
	sectionHere section = iota
	sectionMove
	sectionConsole
	sections // how many there are
)

// binding is a key and all that is known about it. The footer, the help and the dispatch read the same values, so they cannot disagree.
type binding struct {
	keys     []string // as [tea.KeyPressMsg.String] names them
	label    string   // how they are written, "enter"
	verb     string   // one or two words, for the footer
	help     string   // a sentence for the help; empty: the verb says it
	section  section
	danger   bool          // leads to a change: it does not exist in a read-only console
	quiet    bool          // in the help, but not in the footer
	disabled func() string // why the key does nothing now; nil or empty: it works
	do       func() tea.Cmd
}

// why returns the reason for which a binding does nothing now, empty when it works.
func (b binding) why() string {
	if b.disabled == nil {
		return ""
	}
	return b.disabled()
}

// explain is the binding's line in the help.
func (b binding) explain() string {
	if b.help != "" {
		return b.help
	}
	return b.verb
}

// allowed leaves out what a read-only console must not have.
func allowed(bindings []binding, readOnly bool) []binding {
	return slices.DeleteFunc(bindings, func(b binding) bool { return readOnly && b.danger })
}

// unshadowed leaves out bindings whose first key an earlier one has.
func unshadowed(bindings []binding) []binding {
	taken := make(map[string]bool, len(bindings))
	return slices.DeleteFunc(bindings, func(b binding) bool {
		shadowed := taken[b.keys[0]]
		for _, k := range b.keys {
			taken[k] = true
		}
		return shadowed
	})
}

// find returns the first binding for a key; screens come before the console, so they may give a key a meaning of their own.
func find(bindings []binding, key string) (binding, bool) {
	for _, b := range bindings {
		if slices.Contains(b.keys, key) {
			return b, true
		}
	}
	return binding{}, false
}
