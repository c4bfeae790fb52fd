// Package term knows the terminal: which stream is one, how wide it is, whether colour is wanted, and how text from outside is made harmless.
//
// Everything about the process is handed in, so that a test can be any terminal.
package term

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// Streams are the three streams of a command with what is known of them. The zero value of a fact is "not a terminal".
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	InTerminal  bool
	OutTerminal bool
	ErrTerminal bool
	Width       int                  // columns of Out; 0 when it is not a terminal
	Environ     []string             // decides colour: NO_COLOR, CLICOLOR_FORCE, TERM
	Profile     colorprofile.Profile // colours that Out can show
}

// System returns the streams of this process.
func System(in, out, err *os.File, environ []string) Streams {
	s := Streams{
		In: in, Out: out, Err: err, Environ: environ,
		InTerminal:  term.IsTerminal(int(in.Fd())),
		OutTerminal: term.IsTerminal(int(out.Fd())),
		ErrTerminal: term.IsTerminal(int(err.Fd())),
		Profile:     colorprofile.Detect(out, environ),
	}
	if s.OutTerminal {
		if width, _, sizeErr := term.GetSize(int(out.Fd())); sizeErr == nil {
			s.Width = width
		}
	}
	return s
}

// CanPrompt says whether a question can be asked and answered.
func (s Streams) CanPrompt() bool { return s.InTerminal && s.OutTerminal }

// ColorMode is the value of --color.
type ColorMode string

// The colour modes. Auto follows NO_COLOR, CLICOLOR_FORCE, TERM and whether the output is a terminal.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// WithColor returns the streams with the colour decision of the user applied.
func (s Streams) WithColor(mode ColorMode) Streams {
	switch mode {
	case ColorNever:
		s.Profile = colorprofile.NoTTY
	case ColorAlways:
		s.Profile = max(s.Profile, colorprofile.ANSI256)
	case ColorAuto:
	}
	return s
}

// Styled returns a writer to Out that drops the styles which Out cannot show.
func (s Streams) Styled() io.Writer {
	return &colorprofile.Writer{Forward: s.Out, Profile: s.Profile}
}
