// Package screenshot draws a frame of the console, as a terminal would show it, into an SVG picture for the documentation.
//
// A picture is a function of its frame alone: the same frame gives the same bytes on every machine. Fonts differ between the machines that show it,
// so nothing depends on how wide a font is: every run of text says where it begins and how long it is, and lines between tables are drawn as
// shapes. Styles are read by ultraviolet, the cell buffer that Bubble Tea itself draws with.
package screenshot

import (
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The measures of a picture, in pixels.
const (
	cellWidth  = 8.4 // of a 14 px monospace font, whose letters are 0.6 as wide as high
	lineHeight = 19
	baseline   = 14 // of the text below the upper edge of its line
	fontSize   = 14
	margin     = 14
	titleBar   = 30
)

// The colours that a terminal chooses itself.
const (
	backdrop  = "#11161d"
	frameLine = "#2b333d"
	button    = "#39434f"
	titleText = "#7d8896"
	plainText = "#d6dce3"
)

// SVG draws a frame of the given columns and lines in a window with a title. What is beyond them is cut off.
func SVG(frame string, width, height int, title string) []byte {
	screen := uv.NewScreenBuffer(width, height)
	uv.NewStyledString(frame).Draw(screen, screen.Bounds())
	p := &picture{wide: float64(width)*cellWidth + 2*margin, high: height*lineHeight + titleBar + margin}
	p.open(title)
	for y := range height {
		runs := runsOf(screen, y, width)
		p.backgrounds(runs, y)
		for _, r := range runs {
			p.text(r, y)
		}
	}
	p.WriteString("</svg>\n")
	return []byte(p.String())
}

// picture is an SVG document under construction.
type picture struct {
	strings.Builder
	wide float64
	high int
}

func (p *picture) write(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// open writes the window: a frame, three buttons that do not shout, the title.
func (p *picture) open(title string) {
	p.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %d" width="%s" height="%d" role="img" aria-label="%s">`,
		number(p.wide), p.high, number(p.wide), p.high, escape(title))
	p.write(`<style>text{font:%dpx ui-monospace,"SF Mono",SFMono-Regular,Menlo,"DejaVu Sans Mono",Consolas,"Liberation Mono",monospace;fill:%s;`+
		`white-space:pre}.b{font-weight:700}</style>`, fontSize, plainText)
	p.write(`<rect x=".5" y=".5" width="%s" height="%d" rx="8" fill="%s" stroke="%s"/>`, number(p.wide-1), p.high-1, backdrop, frameLine)
	for i := range 3 {
		p.write(`<circle cx="%d" cy="15" r="5" fill="%s"/>`, 19+i*17, button)
	}
	p.write(`<text x="%s" y="19.5" text-anchor="middle" style="font-size:12px;fill:%s">%s</text>`, number(p.wide/2), titleText, escape(title))
}

// backgrounds fills the cells of a line that have a colour of their own. Neighbours of one colour are one shape: between two there would be a seam.
func (p *picture) backgrounds(runs []run, y int) {
	for i := 0; i < len(runs); {
		first, cells := runs[i], 0
		for ; i < len(runs) && runs[i].look.bg == first.look.bg; i++ {
			cells += runs[i].cells
		}
		if first.look.bg != "" {
			p.write(`<rect x="%s" y="%d" width="%s" height="%d" fill="%s"/>`, left(first.x), top(y), number(float64(cells)*cellWidth), lineHeight, first.look.bg)
		}
	}
}

// text writes the words of a run. Each word group has its own place, so that an error in the width of a font does not add up.
func (p *picture) text(r run, y int) {
	for _, w := range wordsOf(r) {
		if strings.Trim(w.text, "─") == "" {
			p.write(`<rect x="%s" y="%d" width="%s" height="1" fill="%s"/>`, left(w.x), top(y)+lineHeight/2, number(float64(w.cells)*cellWidth), r.look.colour())
			continue
		}
		attributes := ""
		if r.look.fg != "" {
			attributes = fmt.Sprintf(` style="fill:%s"`, r.look.fg)
		}
		if r.look.bold {
			attributes += ` class="b"`
		}
		if r.look.faint {
			attributes += ` opacity=".65"`
		}
		p.write(`<text x="%s" y="%d" textLength="%s" lengthAdjust="spacingAndGlyphs"%s>%s</text>`,
			left(w.x), top(y)+baseline, number(float64(w.cells)*cellWidth), attributes, escape(w.text))
	}
}

func left(x int) string { return number(margin + float64(x)*cellWidth) }

func top(y int) int { return titleBar + y*lineHeight }

// number writes a length with as many decimals as it needs, one at most.
func number(n float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") }

// look is how the text of a run is drawn; an empty colour is the terminal's own.
type look struct {
	fg, bg      string
	bold, faint bool
}

func (l look) colour() string {
	if l.fg == "" {
		return plainText
	}
	return l.fg
}

// run is text of one look.
type run struct {
	x, cells int
	text     string
	look     look
}

// runsOf cuts a line into runs.
func runsOf(screen uv.ScreenBuffer, y, width int) []run {
	var runs []run
	for x := 0; x < width; {
		cell := screen.CellAt(x, y)
		content, cells := " ", 1
		var style uv.Style
		if cell != nil {
			content, cells, style = cell.Content, max(1, cell.Width), cell.Style
		}
		l := lookOf(style)
		if last := len(runs) - 1; last >= 0 && runs[last].look == l {
			runs[last].text += content
			runs[last].cells += cells
		} else {
			runs = append(runs, run{x, cells, content, l})
		}
		x += cells
	}
	return runs
}

func lookOf(s uv.Style) look {
	l := look{fg: hex(s.Fg), bg: hex(s.Bg), bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0}
	if s.Attrs&uv.AttrReverse != 0 {
		l.fg, l.bg = l.bg, l.fg
		if l.fg == "" {
			l.fg = backdrop
		}
		if l.bg == "" {
			l.bg = plainText
		}
	}
	return l
}

func hex(c color.Color) string {
	if c == nil {
		return ""
	}
	rgb := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", rgb.R, rgb.G, rgb.B)
}

// words finds what a run holds: a drawn line, characters that many monospace fonts lack (another font shows those, in a width of its own), or words
// with single spaces between them.
var words = regexp.MustCompile(`─+|[^\x00-\x7f·…–›]+|[!-~·…–›]+(?: [!-~·…–›]+)*`)

// wordsOf cuts a run into the pieces that get a place of their own.
func wordsOf(r run) []run {
	var found []run
	for _, at := range words.FindAllStringIndex(r.text, -1) {
		text := r.text[at[0]:at[1]]
		found = append(found, run{r.x + ansi.StringWidth(r.text[:at[0]]), ansi.StringWidth(text), text, r.look})
	}
	return found
}

func escape(text string) string { return html.EscapeString(text) }
