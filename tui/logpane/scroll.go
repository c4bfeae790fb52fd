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
func (p *Pane) Top() { p.follow, p.top, p.row = false, p.first(), 0 }

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
	for n := p.top; n < p.end(); n++ {
		if room -= p.height1(n); room < 0 {
			return false
		}
	}
	return true
}

// Position returns the number of the line at the bottom of the screen, counted from 1 with those that were dropped, and of the last one; quiet lines that are
// hidden do not count.
func (p *Pane) Position() (at, of int) {
	of = p.end()
	room := p.height + p.row
	for n := p.top; n < of && room > 0; n++ {
		room -= p.height1(n)
		at = n + 1
	}
	return at, of
}

// toEnd puts the last row of the last line at the bottom of the screen.
func (p *Pane) toEnd() {
	p.top, p.row = p.first(), 0
	room := p.height
	for n := p.end() - 1; n >= p.first(); n-- {
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
	case p.top > p.first():
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

// room is how many columns the text of a line has.
func (p *Pane) room() int { return max(1, p.width-p.margin()) }

// margin is how many columns stand before the text: where there are signs one and a blank, and with stamps a time and a blank.
func (p *Pane) margin() (columns int) {
	if p.signs {
		columns += signWidth
	}
	if p.stamped() {
		columns += stampWidth
	}
	return columns
}

// stamped tells whether times are drawn: they are asked for, and leave room for some text.
func (p *Pane) stamped() bool { return p.stamps && p.width > 2*stampWidth }

const (
	signWidth  = 2
	stampWidth = 9 // "15:04:05 "
)

// height1 is how many rows one line takes on the screen.
func (p *Pane) height1(n int) int {
	if !p.wrap {
		return 1
	}
	return p.line(n).rows(p.room())
}
