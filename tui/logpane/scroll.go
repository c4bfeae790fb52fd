package logpane

// Scroll moves the screen by that many rows, down for a positive number. Moving up ends following; reaching the end does not begin it.
func (p *Pane) Scroll(rows int) {
	if rows < 0 {
		p.follow = false
	}
	for ; rows < 0; rows++ {
		p.up()
	}
	for ; rows > 0 && !p.AtEnd(); rows-- {
		p.down()
	}
}

// Page moves by that many screens.
func (p *Pane) Page(screens int) { p.Scroll(screens * max(1, p.height-1)) }

// Top goes to the oldest line that is kept.
func (p *Pane) Top() { p.follow, p.top, p.row = false, p.dropped, 0 }

// Bottom goes to the end and follows it.
func (p *Pane) Bottom() { p.SetFollow(true) }

// Shift moves along unwrapped lines by that many columns.
func (p *Pane) Shift(columns int) {
	if !p.wrap {
		p.left = max(0, p.left+columns)
	}
}

// AtEnd tells whether the last line is on the screen.
func (p *Pane) AtEnd() bool {
	room := p.height + p.row
	for n := p.top; n < p.dropped+len(p.lines); n++ {
		if room -= p.height1(n); room < 0 {
			return false
		}
	}
	return true
}

// Position returns the number of the line at the bottom of the screen, counted from 1 with those that were dropped, and of the last one.
func (p *Pane) Position() (at, of int) {
	of = p.dropped + len(p.lines)
	room := p.height + p.row
	for n := p.top; n < of && room > 0; n++ {
		room -= p.height1(n)
		at = n + 1
	}
	return at, of
}

// toEnd puts the last row of the last line at the bottom of the screen.
func (p *Pane) toEnd() {
	p.top, p.row = p.dropped, 0
	room := p.height
	for n := p.dropped + len(p.lines) - 1; n >= p.dropped; n-- {
		rows := p.height1(n)
		if rows >= room {
			p.top, p.row = n, rows-room
			return
		}
		room -= rows
	}
}

func (p *Pane) up() {
	switch {
	case p.row > 0:
		p.row--
	case p.top > p.dropped:
		p.top--
		p.row = p.height1(p.top) - 1
	}
}

func (p *Pane) down() {
	if p.row+1 < p.height1(p.top) {
		p.row++
		return
	}
	p.top, p.row = p.top+1, 0
}

// height1 is how many rows one line takes on the screen.
func (p *Pane) height1(n int) int {
	if !p.wrap {
		return 1
	}
	return p.line(n).rows(p.width)
}
