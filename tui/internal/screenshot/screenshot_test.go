package screenshot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"chrononctl/tui/internal/screenshot"
)

func TestAFrameBecomesTextInItsPlace(t *testing.T) {
	t.Parallel()
	svg := string(screenshot.SVG("a  \x1b[1;38;2;255;107;107m✖ no <b>\x1b[m\n\x1b[48;5;235m x \x1b[1my\x1b[m\n\x1b[7mz\x1b[m ────", 12, 3, "a & b"))
	for name, want := range map[string]string{
		"plain text":                     `<text x="14" y="44" textLength="8.4" lengthAdjust="spacingAndGlyphs">a</text>`,
		"a glyph stands alone":           `<text x="39.2" y="44" textLength="8.4" lengthAdjust="spacingAndGlyphs" style="fill:#ff6b6b" class="b">✖</text>`,
		"words stay together, escaped":   `<text x="56" y="44" textLength="50.4" lengthAdjust="spacingAndGlyphs" style="fill:#ff6b6b" class="b">no &lt;b&gt;</text>`,
		"one background below two looks": `<rect x="14" y="49" width="33.6" height="19" fill="#262626"/>`,
		"reversed text":                  `style="fill:#11161d">z</text>`,
		"its background":                 `<rect x="14" y="68" width="8.4" height="19" fill="#d6dce3"/>`,
		"a line is a shape":              `<rect x="30.8" y="77" width="33.6" height="1" fill="#d6dce3"/>`,
		"the title":                      `>a &amp; b</text>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s: the picture lacks %s:\n%s", name, want, svg)
		}
	}
}

func TestAPictureIsXML(t *testing.T) {
	t.Parallel()
	decoder := xml.NewDecoder(strings.NewReader(string(screenshot.SVG("\"quoted\" & <tagged>\x00\x07\x1b]0;title\x07 ü 漢字", 20, 2, `"`))))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsBeyondThePictureIsCutOff(t *testing.T) {
	t.Parallel()
	svg := string(screenshot.SVG("inside-beyond\nline\nunder", 6, 2, ""))
	if strings.Contains(svg, "beyond") || strings.Contains(svg, "under") || !strings.Contains(svg, ">inside<") {
		t.Errorf("the picture is not cut to its size:\n%s", svg)
	}
}
