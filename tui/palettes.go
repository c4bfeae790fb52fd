package tui

// palette is the colours of a theme: "#rrggbb" or 0 to 255; empty leaves the terminal's own, and for what is selected exchanges fore- and background.
type palette struct {
	dim, faint, accent, ok, run, wait, warn, bad, head, selected, unaware, match string
}

// The palettes. Colours for text keep a contrast of at least 4.5 to 1 against a black or a white background and against the bar at the top; rules, what is
// faint, and the bold text of the selected row 3 to 1; high contrast 7 to 1. A test holds that. Backgrounds are of the 256 colours, because the nearest of these to a dark blue-grey is a bright blue.
var (
	onDark = palette{
		dim: "#a0a3a8", faint: "#737479", accent: "#7cc4ff", ok: "#7fb88a", run: "#6cb6ff", wait: "#c3b37c", warn: "#f0b429", bad: "#ff6b6b",
		head: "235", selected: "238", unaware: "235", match: "58",
	}
	onLight = palette{
		dim: "#59636e", faint: "#818b98", accent: "#0a58a8", ok: "#28733a", run: "#0a62c0", wait: "#7a6417", warn: "#955400", bad: "#c1121f",
		head: "254", selected: "252", unaware: "255", match: "222",
	}
	contrastOnDark = palette{
		dim: "#d7dde4", faint: "#babcc0", accent: "#9fd6ff", ok: "#8ef0a2", run: "#9fd6ff", wait: "#ffe98a", warn: "#ffc14d", bad: "#ff9d9d",
		head: "235", unaware: "235", match: "58",
	}
	contrastOnLight = palette{
		dim: "#24292f", faint: "#4a525c", accent: "#043b78", ok: "#0b4a1c", run: "#043b78", wait: "#4d3d05", warn: "#5e3300", bad: "#8a0611",
		head: "254", unaware: "254", match: "222",
	}
	// The states of these two are told apart by people who lack one kind of cone, whichever it is; on the dark one the blue and the yellow are Okabe and Ito's.
	distinctOnDark = palette{
		dim: "#a0a3a8", faint: "#737479", accent: "#56b4e9", ok: "#56b4e9", run: "#cfe8f7", wait: "#f0e442", warn: "#c0871c", bad: "#f35c86",
		head: "235", selected: "238", unaware: "235", match: "58",
	}
	distinctOnLight = palette{
		dim: "#59636e", faint: "#818b98", accent: "#005a8f", ok: "#1661cf", run: "#223762", wait: "#626406", warn: "#4a2e06", bad: "#b71750",
		head: "254", selected: "252", unaware: "255", match: "222",
	}
	noColour = palette{}
)

// themes are the palettes by the name of their theme, for a dark and for a light background.
var themes = []struct {
	name        string
	dark, light palette
}{
	{ThemeAuto, onDark, onLight},
	{"dark", onDark, onDark},
	{"light", onLight, onLight},
	{"high-contrast", contrastOnDark, contrastOnLight},
	{"colour-blind", distinctOnDark, distinctOnLight},
	{"none", noColour, noColour},
}

// ThemeAuto follows the terminal's background. It is the theme when none is chosen.
const ThemeAuto = "auto"

// Themes lists the names of the themes.
func Themes() []string {
	names := make([]string, len(themes))
	for i, t := range themes {
		names[i] = t.name
	}
	return names
}

// paletteOf is the palette of a theme on a background; a name that is none is [ThemeAuto].
func paletteOf(name string, dark bool) palette {
	chosen := themes[0]
	for _, t := range themes {
		if t.name == name {
			chosen = t
		}
	}
	if dark {
		return chosen.dark
	}
	return chosen.light
}

// paintAnew makes the theme after the background, or the choice of a theme, has changed.
func (s *shell) paintAnew() {
	s.theme = newTheme(paletteOf(s.options.Theme, !s.bright), s.options.ASCII, s.options.Accent)
}
