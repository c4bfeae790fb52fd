package tui

import (
	"cmp"
	"flag"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"charm.land/lipgloss/v2"
)

// archive is the golden file of one screen: for each state and size the words of the frame, which are all that a terminal without colours has, and
// below them the colours, a letter a cell.
type archive struct {
	path   string
	golden txtar.Archive // as it was read
	drawn  txtar.Archive // as the console draws now
}

// archiveHead explains the letters to who reads an archive.
const archiveHead = "Each state of the screen at each size: the words, then their colours, a letter a cell.\n" +
	"Letters: . plain, s strong, d dim, f faint, a accent, o ok, r running, w waiting, ! warning, x bad, ~ a colour of a log's own;\n" +
	"a capital is bold, _ is underlined. Behind a line stands the ground under its columns: bar, selected, match, or reverse video.\n" +
	"`go test ./tui -run TestFrames -update` writes it anew.\n\n"

// openArchive reads the golden file of a screen; while golden files are written anew there need not be one.
func openArchive(t *testing.T, screen string) *archive {
	t.Helper()
	a := &archive{path: filepath.Join("testdata", "frames", strings.ReplaceAll(screen, " ", "_")+".txtar"), drawn: txtar.Archive{Comment: []byte(archiveHead)}}
	if updating() {
		return a
	}
	read, err := txtar.ParseFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	a.golden = *read
	return a
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// holds compares a section with the golden one.
func (a *archive) holds(t *testing.T, name, text string) {
	t.Helper()
	a.drawn.Files = append(a.drawn.Files, txtar.File{Name: name, Data: []byte(text)})
	if updating() {
		return
	}
	for _, f := range a.golden.Files {
		if f.Name == name {
			if d := diff.Diff("golden "+name, f.Data, "drawn "+name, []byte(text)); d != nil {
				t.Errorf("%s is not what the console draws now:\n%s", a.path, d)
			}
			return
		}
	}
	t.Errorf("%s has no section %q:\n%s", a.path, name, text)
}

// finish writes the archive anew, or finds sections that nothing draws any more.
func (a *archive) finish(t *testing.T) {
	t.Helper()
	if updating() {
		if err := os.MkdirAll(filepath.Dir(a.path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.path, txtar.Format(&a.drawn), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if golden, drawn := len(a.golden.Files), len(a.drawn.Files); golden != drawn {
		t.Errorf("%s has %d sections, %d are drawn", a.path, golden, drawn)
	}
}

// picture is a frame as a terminal shows it.
type picture struct {
	width, height int
	words         string // lines without trailing blanks
	colours       string
	runs          []colouredRun
}

// colouredRun is text of one foreground.
type colouredRun struct {
	line   int // from 0
	letter byte
	text   string
}

// look reads a frame cell by cell.
func look(frame string, width, height int) picture {
	screen := uv.NewScreenBuffer(width, height)
	uv.NewStyledString(frame).Draw(screen, screen.Bounds())
	p := picture{width: width, height: height}
	var words, colours strings.Builder
	for y := range height {
		text, letters, grounds := p.line(screen, y)
		fmt.Fprintln(&words, strings.TrimRight(text, " "))
		fmt.Fprintln(&colours, strings.TrimRight(letters+grounds, " "))
	}
	p.words, p.colours = words.String(), colours.String()
	return p
}

// line reads one line: its text, a letter a cell, and the grounds.
func (p *picture) line(screen uv.ScreenBuffer, y int) (text, letters, grounds string) {
	var words, marks, under strings.Builder
	ground, from := "", 0
	closeGround := func(x int) {
		if ground != "" {
			fmt.Fprintf(&under, " %s %d-%d", ground, from+1, x)
		}
	}
	for x := 0; x < p.width; x++ {
		cell := uv.EmptyCell
		if c := screen.CellAt(x, y); c != nil && c.Width > 0 {
			cell = *c
		}
		words.WriteString(cell.Content)
		letter := letterOf(cell.Style)
		if strings.TrimSpace(cell.Content) == "" && letter != '_' {
			letter = ' '
		}
		marks.WriteByte(letter)
		p.add(colouredRun{y, letter, cell.Content})
		if g := groundOf(cell.Style); g != ground {
			closeGround(x)
			ground, from = g, x
		}
		for range cell.Width - 1 { // the cells that a wide character covers
			marks.WriteByte(letter)
			x++
		}
	}
	closeGround(p.width)
	if under.Len() > 0 {
		return words.String(), strings.TrimRight(marks.String(), " "), " |" + under.String()
	}
	return words.String(), marks.String(), ""
}

// add appends a cell to the run before it, if that has the same colour. Blanks have none.
func (p *picture) add(c colouredRun) {
	if n := len(p.runs) - 1; n >= 0 && p.runs[n].line == c.line && (p.runs[n].letter == c.letter || c.letter == ' ') {
		p.runs[n].text += c.text
	} else if c.letter != ' ' {
		p.runs = append(p.runs, c)
	}
}

// letters are the colours of the palette for dark backgrounds.
var letters = sync.OnceValue(func() map[color.NRGBA]byte {
	return map[color.NRGBA]byte{
		shade(lipgloss.Color(onDark.dim)): 'd', shade(lipgloss.Color(onDark.faint)): 'f', shade(lipgloss.Color(onDark.accent)): 'a', shade(lipgloss.Color(onDark.ok)): 'o',
		shade(lipgloss.Color(onDark.run)): 'r', shade(lipgloss.Color(onDark.wait)): 'w', shade(lipgloss.Color(onDark.warn)): '!', shade(lipgloss.Color(onDark.bad)): 'x',
	}
})

// grounds are its backgrounds.
var grounds = sync.OnceValue(func() map[color.NRGBA]string {
	return map[color.NRGBA]string{
		shade(lipgloss.Color(onDark.selected)): "selected", shade(lipgloss.Color(onDark.head)): "bar", shade(lipgloss.Color(onDark.match)): "match",
	}
})

func shade(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

// letterOf names the foreground of a cell.
func letterOf(s uv.Style) byte {
	letter := byte('.')
	if s.Fg != nil {
		letter = cmp.Or(letters()[shade(s.Fg)], '~')
	}
	switch {
	case s.Underline != 0:
		return '_'
	case s.Attrs&uv.AttrBold != 0 && letter == '.':
		return 's'
	case s.Attrs&uv.AttrBold != 0 && letter >= 'a' && letter <= 'z':
		return letter - 'a' + 'A'
	}
	return letter
}

// groundOf names the background of a cell.
func groundOf(s uv.Style) string {
	switch {
	case s.Attrs&uv.AttrReverse != 0:
		return "reverse"
	case s.Bg == nil:
		return ""
	}
	return cmp.Or(grounds()[shade(s.Bg)], "other")
}
