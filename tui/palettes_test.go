package tui

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// linear is a colour as amounts of light, each between 0 and 1.
type linear [3]float64

func light(c color.Color) linear {
	rgb := color.NRGBAModel.Convert(c).(color.NRGBA)
	var out linear
	for i, v := range [3]uint8{rgb.R, rgb.G, rgb.B} {
		if s := float64(v) / 255; s <= 0.04045 {
			out[i] = s / 12.92
		} else {
			out[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return out
}

// contrast is the ratio that WCAG 2.2 defines, between 1 and 21.
func contrast(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		l := light(c)
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
	}
	high, low := luminance(a), luminance(b)
	return (max(high, low) + 0.05) / (min(high, low) + 0.05)
}

// seenBy are how people see colours who have all cones, and who lack one kind: the matrices of Machado, Oliveira and Fernandes (2009) at full severity.
var seenBy = map[string][3]linear{
	"everybody":               {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"who lack long cones":     {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"who lack middle cones":   {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"who lack shortest cones": {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// lab is a colour, as those people see it, in CIE L*a*b*, where distances are about as large as they seem.
func lab(c color.Color, eyes [3]linear) [3]float64 {
	var seen linear
	for i, row := range eyes {
		l := light(c)
		seen[i] = min(1, max(0, row[0]*l[0]+row[1]*l[1]+row[2]*l[2]))
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*seen[0] + 0.3576*seen[1] + 0.1805*seen[2]) / 0.95047)
	y := f(0.2126*seen[0] + 0.7152*seen[1] + 0.0722*seen[2])
	z := f((0.0193*seen[0] + 0.1192*seen[1] + 0.9505*seen[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func distance(a, b [3]float64) float64 {
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}

// states are the colours of a palette that repeat a state.
func (p palette) states() map[string]string {
	return map[string]string{"ok": p.ok, "run": p.run, "wait": p.wait, "warn": p.warn, "bad": p.bad}
}

func TestTextCanBeReadInEveryTheme(t *testing.T) {
	t.Parallel()
	terminals := map[string]color.Color{"dark": color.Black, "light": color.White}
	for name, p := range map[string]struct {
		palette
		on    string
		least float64
	}{
		"dark": {onDark, "dark", 4.5}, "light": {onLight, "light", 4.5}, "high contrast, dark": {contrastOnDark, "dark", 7},
		"high contrast, light": {contrastOnLight, "light", 7}, "colour-blind, dark": {distinctOnDark, "dark", 4.5}, "colour-blind, light": {distinctOnLight, "light", 4.5},
	} {
		text := p.states()
		text["dim"], text["accent"] = p.dim, p.accent
		terminal := terminals[p.on]
		check := func(what, foreground string, ground color.Color, where string, least float64) {
			if got := contrast(lipgloss.Color(foreground), ground); got < least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, less than %.1f", name, what, where, got, least)
			}
		}
		for what, c := range text {
			check(what, c, terminal, "the terminal", p.least)
			check(what, c, lipgloss.Color(p.head), "the bar", p.least)
			check(what, c, lipgloss.Color(p.unaware), "the row of the other table", 4.5)
			if p.selected != "" { // else fore- and background change places
				check(what, c, lipgloss.Color(p.selected), "the selected row", 3)
			}
		}
		check("faint", p.faint, terminal, "the terminal", min(3, p.least))
	}
}

// Terminals with 256 colours take the nearest; that of a bluish grey is a green.
func TestGreysStayGreyInTerminalsOf256Colours(t *testing.T) {
	t.Parallel()
	for _, theme := range themes {
		for _, p := range []palette{theme.dark, theme.light} {
			for _, grey := range []string{p.dim, p.faint} {
				if grey == "" {
					continue
				}
				r, g, b, _ := colorprofile.ANSI256.Convert(lipgloss.Color(grey)).RGBA()
				if r != g || g != b {
					t.Errorf("%s: %s becomes #%02x%02x%02x", theme.name, grey, r>>8, g>>8, b>>8)
				}
			}
		}
	}
}

func TestStatesAreToldApartInTheThemeForTheColourBlind(t *testing.T) {
	t.Parallel()
	const glance = 20 // a distance that is seen at a glance; 2 is just seen
	for name, p := range map[string]palette{"dark": distinctOnDark, "light": distinctOnLight} {
		for who, eyes := range seenBy {
			for a, first := range p.states() {
				for b, second := range p.states() {
					if d := distance(lab(lipgloss.Color(first), eyes), lab(lipgloss.Color(second), eyes)); a < b && d < glance {
						t.Errorf("%s: people %s see %s and %s at a distance of %.1f", name, who, a, b, d)
					}
				}
			}
		}
	}
}
