package logpane

import (
	"strings"
	"time"

	"chrononctl/tui/paint"

	"github.com/charmbracelet/x/ansi"
)

// View draws the lines on the screen, at most as many as the pane is high.
func (p *Pane) View(look Look) []string {
	out := make([]string, 0, p.height)
	row := p.row
	for n := p.top; n < p.end() && len(out) < p.height; n++ {
		l := p.line(n)
		if !p.wrap {
			out = append(out, p.lead(look, l)+p.cut(look, n, l))
			continue
		}
		breaks := l.breaks(p.room())
		for ; row < len(breaks) && len(out) < p.height; row++ {
			end, lead := len(l.text), paint.Spaces(p.margin())
			if row+1 < len(breaks) {
				end = breaks[row+1]
			}
			if row == 0 {
				lead = p.lead(look, l)
			}
			out = append(out, lead+p.paint(look, n, l, breaks[row], end))
		}
		row = 0
	}
	return out
}

// lead draws what stands before a line: the sign of its level, and its time.
func (p *Pane) lead(look Look, l line) string {
	sign := ""
	switch {
	case !p.signs:
	case int(l.level) < len(look.Levels) && look.Levels[l.level].Text != "":
		sign = look.Levels[l.level].Style.Render(look.Levels[l.level].Text) + " "
	default:
		sign = paint.Spaces(signWidth)
	}
	switch {
	case !p.stamped():
		return sign
	case l.at == 0:
		return sign + paint.Spaces(stampWidth)
	}
	return sign + look.Stamp.Render(time.Unix(int64(l.at), 0).UTC().Format("15:04:05")) + " "
}

// cut draws an unwrapped line from the column that the reader has moved to.
func (p *Pane) cut(look Look, n int, l line) string {
	full := p.paint(look, n, l, 0, len(l.text))
	if p.left > 0 {
		full = ansi.TruncateLeft(full, p.left, "")
	}
	return paint.Fit(full, p.room(), look.Tail)
}

// paint draws the bytes from begin to end of a line, with its own colours and the places that were found.
func (p *Pane) paint(look Look, n int, l line, begin, end int) string {
	if l.spans == nil && p.query == "" {
		return l.text[begin:end]
	}
	var b strings.Builder
	for at := begin; at < end; {
		next, style := p.piece(look, n, l, at, end)
		style.Write(&b, l.text[at:next])
		at = next
	}
	return b.String()
}

// piece returns the end and the style of the longest piece from at that looks the same.
func (p *Pane) piece(look Look, n int, l line, at, end int) (next int, style paint.Style) {
	next, style = end, l.styleAt(at)
	for _, s := range l.coloured() {
		if s.from > at {
			next = min(next, s.from)
			break
		}
	}
	if p.query == "" {
		return next, style
	}
	found := l.index(p.query, max(0, at-len(p.query)+1))
	for found >= 0 && found+len(p.query) <= at {
		found = l.index(p.query, found+1)
	}
	switch {
	case found < 0:
	case found > at:
		next = min(next, found)
	default:
		next = min(end, found+len(p.query))
		style = look.Match
		if n == p.current {
			style = look.Current
		}
	}
	return next, style
}
