package tui

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
)

// sizes are those at which every screen has golden frames.
var sizes = []struct{ width, height int }{{80, 24}, {120, 40}, {200, 60}}

// TestFrames draws every screen in every state that it can be in, at three sizes, with and without colours, and holds the frames to the golden ones
// and to what every frame promises.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, v := range views() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			golden := openArchive(t, v.name)
			for _, m := range v.scenes() {
				t.Run(m.name, func(t *testing.T) { v.draw(t, golden, m) })
			}
			golden.finish(t)
		})
	}
}

// draw brings a console into the state, and looks at it at each size.
func (v view) draw(t *testing.T, golden *archive, m scene) { //nolint:thelper // it is the test
	v.stage(t, m, func(c *console) {
		for _, size := range sizes {
			c.program.Send(tea.WindowSizeMsg{Width: size.width, Height: size.height})
			synctest.Wait()
			frame := c.styled()
			shown := look(frame, size.width, size.height)
			promises{t, v, m, shown}.hold(frame, c.withoutColours())
			name := fmt.Sprintf("%s %dx%d", m.name, size.width, size.height)
			golden.holds(t, name, shown.words)
			golden.holds(t, name+" colours", shown.colours)
		}
	})
}

// scenes are all states in which the view is drawn.
func (v view) scenes() []scene {
	var all []scene
	for _, condition := range v.in {
		all = append(all, scene{name: string(condition), of: condition})
	}
	return append(all, v.also...)
}

// stage brings a console into a state of the view, and hands it over.
func (v view) stage(t *testing.T, m scene, then func(*console)) {
	t.Helper()
	w := worldOf(m.of)
	if m.set != nil {
		m.set(w)
	}
	if m.of == loading && !v.deep {
		w.latency = time.Hour
	}
	if (m.of == disconnected || m.of == cached) && !v.deep {
		w.err = errRefused
	}
	story(t, setup{width: sizes[0].width, height: sizes[0].height, source: w.fakeSource, options: w.options(m.of)}, func(c *console) {
		c.pass(time.Second)
		if v.deep {
			c.source.change(func(f *fakeSource) {
				if m.of == loading {
					f.latency = time.Hour
				}
				if m.of == disconnected {
					f.err = errRefused
				}
			})
		}
		v.open(c)
		c.pass(time.Second)
		if m.of == disconnected {
			c.pass(2 * DefaultInterval)
		}
		if m.of == stale {
			c.source.change(func(f *fakeSource) { f.err = errRefused })
			c.pass(40 * time.Second)
		}
		if m.then != nil {
			m.then(c)
		}
		then(c)
	})
}

// withoutColours is the frame as the theme without colours draws it.
func (c *console) withoutColours() string {
	r := c.root
	theme := r.options.Theme
	paint := func(name string) string {
		r.options.Theme = name
		r.paintAnew()
		r.top().sync()
		return r.draw()
	}
	defer paint(theme)
	return paint("none")
}
