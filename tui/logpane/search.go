package logpane

import "strings"

// Search looks for a text in any case, counts the lines that hold it, and goes to the first one at or below the top of the screen (from the
// start again, when there is none below). An empty text ends the search.
func (p *Pane) Search(text string) {
	p.query, p.matches, p.current = strings.ToLower(text), 0, -1
	if p.query == "" {
		return
	}
	for n := p.first(); n < p.end(); n++ {
		if p.line(n).index(p.query, 0) >= 0 {
			p.matches++
		}
	}
	p.seek(p.top, 1)
}

// Query returns the text looked for, in lower case, and how many lines hold it.
func (p *Pane) Query() (text string, lines int) { return p.query, p.matches }

// Next goes to the next line that holds the text, or with -1 to the one before, and round at the ends.
func (p *Pane) Next(direction int) {
	from := p.current
	if from < 0 {
		from = p.top - direction
	}
	p.seek(from+direction, direction)
}

// seek goes to the first line from there on, in that direction and round, that holds the text.
func (p *Pane) seek(from, direction int) {
	n := p.end() - p.first()
	if p.query == "" || p.matches == 0 || n == 0 {
		return
	}
	for i := range n {
		at := p.first() + ((from-p.first()+i*direction)%n+n)%n
		if p.line(at).index(p.query, 0) >= 0 {
			p.current = at
			p.reveal()
			return
		}
	}
}

// reveal puts the current match on the screen, a third from the top when it has to move.
func (p *Pane) reveal() {
	p.follow = false
	room := p.height + p.row
	for n := p.top; n <= p.current && n < p.end() && p.top <= p.current; n++ {
		if room -= p.height1(n); n == p.current && room >= 0 {
			return
		} else if room <= 0 {
			break
		}
	}
	p.top, p.row = p.current, 0
	for range p.height / 3 {
		p.up()
	}
}
