package tui

// memo keeps what was made of something until that is another. Frames ask for much that only a change can alter, and must not walk through all rows for it.
type memo[K comparable, V any] struct {
	of    K
	value V
	made  bool
}

// get returns what was made of the key, or makes it.
func (m *memo[K, V]) get(of K, produce func() V) V {
	if !m.made || m.of != of {
		m.of, m.value, m.made = of, produce(), true
	}
	return m.value
}
