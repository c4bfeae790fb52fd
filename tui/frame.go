package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
)

// The frame, from top to bottom:
//
//	head     which Airflow, what needs a person, how old the picture is
//	path     where we are, and what is shown
//	body     the screen
//	status   the prompt, a note, an error of the last refresh, or more about what is selected
//	keys     what works here and now
const (
	bodyTop    = 2
	footHeight = 2

	leastWidth  = 60
	roomyWidth  = 100 // from which on the head line says more
	leastHeight = 16
)

// bodySize is the room of the screen.
func (s *shell) bodySize() (width, height int) {
	return max(0, s.width), max(0, s.height-bodyTop-footHeight)
}

// draw makes the whole frame.
func (s *shell) draw() string {
	switch {
	case s.width <= 0 || s.height <= 0:
		return ""
	case s.width < leastWidth || s.height < leastHeight:
		return s.tooSmall()
	}
	t, lines := s.theme, make([]string, 0, s.height)
	lines = append(lines, s.headLine(), s.pathLine())
	_, height := s.bodySize()
	body := s.top().view()
	for i := range height {
		if i < len(body) {
			lines = append(lines, body[i])
		} else {
			lines = append(lines, "")
		}
	}
	lines = append(lines, s.statusLine(), s.keyLine())
	switch {
	case s.dialog != nil:
		lines = s.overlay(lines)
	case s.prompt != nil:
		box := s.prompt.box(t, s.width)
		lines = paint.Over(lines, box, 1, s.height-footHeight-len(box))
	}
	return strings.Join(lines, "\n")
}

// overlay lays the dialog over the middle of the screen.
func (s *shell) overlay(lines []string) []string {
	box := s.dialog.view(s.width-4, s.height-bodyTop)
	return paint.Over(lines, box, max(0, (s.width-widest(box))/2), max(1, (s.height-len(box))/2))
}

func (s *shell) tooSmall() string {
	text := fmt.Sprintf("chrononctl needs %d columns and %d lines; this terminal has %d and %d. q quits.", leastWidth, leastHeight, s.width, s.height)
	var lines []string
	for len(text) > s.width && len(lines) < s.height-1 {
		cut := strings.LastIndexByte(text[:s.width], ' ')
		if cut <= 0 {
			cut = s.width
		}
		lines = append(lines, text[:cut])
		text = strings.TrimLeft(text[cut:], " ")
	}
	return strings.Join(append(lines, paint.Fit(text, s.width, "")), "\n")
}

// headLine is the bar at the top: it answers "is everything all right?" on every screen.
func (s *shell) headLine() string {
	t := s.theme
	left := t.head.Render(" ")
	if s.width >= roomyWidth {
		left += t.strong.On(t.head).Render("chrononctl  ")
	}
	left += t.accent.On(t.head).Render(clean(s.options.Context)) + t.head.Render(" ") + s.serverHealth()
	right := s.ageOfData()
	if s.options.ReadOnly {
		right += t.headDim.Render("  ") + t.strong.On(t.head).Render("READ-ONLY")
	}
	left += s.countsWithin(s.width - paint.Width(left) - paint.Width(right) - 3)
	gap := s.width - paint.Width(left) - paint.Width(right) - 1
	return paint.Fit(left+t.head.Render(paint.Spaces(max(1, gap)))+right+t.head.Render(" "), s.width, "")
}

// serverHealth is the version with the server's state; what is wrong with it follows in words.
func (s *shell) serverHealth() string {
	t := s.theme
	snap, ok := s.firstRows()
	e := s.store.get(query{topic: topicSnapshot})
	switch {
	case e.err != nil:
		return t.warn.On(t.head).Render(t.glyph(fleet.Unknown) + " " + outage(e.err))
	case !ok, e.cached:
		return t.headDim.Render(t.glyph(fleet.Unknown) + " not reached yet")
	}
	h := snap.Server.Health
	text := t.glyph(h) + " " + clean(snap.Server.Version)
	if snap.Partial {
		return t.headDim.Render(text) // it is being read
	}
	if parts := snap.Server.Parts; h != fleet.OK && len(parts) > 0 {
		text += " " + clean(parts[0].Name+" "+parts[0].Status)
		if more := len(parts) - 1; more > 0 {
			text += fmt.Sprintf(" +%d", more)
		}
	} else if h != fleet.OK {
		text += " " + h.Word()
	}
	return t.paintOf(h).On(t.head).Render(text)
}

// outage is in a few words why there is no new picture.
func outage(err error) string {
	if brief, ok := errors.AsType[interface {
		error
		Brief() string
	}](err); ok {
		return clean(brief.Brief())
	}
	return "no answer"
}

// countsWithin says what needs a person, most urgent first, as glyph, number and word. Where there is little room the last of them lose their words; those
// for which there is none are counted.
func (s *shell) countsWithin(room int) string {
	all := s.counts()
	for shown := len(all); shown >= 0; shown-- {
		for words := shown; words >= 0; words-- {
			if text := s.tallies(all, shown, words); paint.Width(text) <= room {
				return text
			}
		}
	}
	return ""
}

// tallies draws the first counts, of these the first with their words, and says how many more there are.
func (s *shell) tallies(all []tally, shown, words int) string {
	t := s.theme
	var out strings.Builder
	for i, c := range all[:shown] {
		space, text := "   ", fmt.Sprintf("%s %d %s", t.glyph(c.health), c.n, c.word)
		if i >= words {
			space, text = "  ", fmt.Sprintf("%s %d", t.glyph(c.health), c.n)
		}
		out.WriteString(t.head.Render(space) + t.paintOf(c.health).On(t.head).Render(text))
	}
	if more := len(all) - shown; more > 0 {
		out.WriteString(t.headDim.Render(fmt.Sprintf("   +%d more", more)))
	}
	return out.String()
}

// counts is what needs a person, without what there is none of. It is counted once per picture: it walks through all of it.
func (s *shell) counts() []tally {
	e := s.store.get(query{topic: topicSnapshot})
	if e.version != s.urgent.version {
		snap, _ := s.snapshot()
		s.urgent = urgent{e.version, slices.DeleteFunc(needPerson(snap), func(c tally) bool { return c.n == 0 })}
	}
	return s.urgent.tallies
}

// urgent is what needs a person in one version of the picture.
type urgent struct {
	version uint64
	tallies []tally
}

type tally struct {
	health fleet.Health
	n      int
	word   string
}

// needPerson counts what an operator would look after, in the order in which to do so.
func needPerson(snap fleet.Snapshot) []tally {
	var failing, paused, broken, over, late, restarted, unknown int
	for _, d := range snap.DAGs {
		switch {
		case d.Paused:
			paused++
		case d.Health == fleet.Failed:
			failing++
		case d.Health == fleet.Unknown:
			unknown++
		}
	}
	for _, b := range snap.Broken {
		if b.Ours {
			broken++
		}
	}
	for _, j := range snap.Joins {
		over += j.Over
	}
	for _, o := range snap.Outputs {
		if o.State == fleet.OutputLate {
			late++
		}
	}
	for _, st := range snap.Streams {
		if st.Health == fleet.Restarted {
			restarted++
		}
	}
	return []tally{
		{fleet.Failed, failing, "failing"},
		{fleet.Failed, broken, "not importing"},
		{fleet.Breach, over, "over budget"},
		{fleet.Waiting, late, "late"},
		{fleet.Restarted, restarted, "restarted"},
		{fleet.Unknown, unknown, "unknown"},
		{fleet.Paused, paused, "paused"},
	}
}

// ageOfData says how old the picture is, and stands out once it is older than it should be.
func (s *shell) ageOfData() string {
	t := s.theme
	e := s.store.get(query{topic: topicSnapshot})
	utc := t.headDim.Render(s.now.UTC().Format("15:04") + " UTC" + s.localTime() + s.apart())
	if e.at.IsZero() {
		return utc
	}
	read, due := e.at, e.at
	snap, _ := s.firstRows()
	if !snap.Read.IsZero() { // a picture may be newer than what it shows
		read, due = snap.Read, snap.Due
	}
	age := s.here.Sub(read)
	text := span(age) + " ago"
	style := t.headDim
	switch {
	case snap.Partial:
		style, text = t.accent.On(t.head), "reading, "+count(len(snap.DAGs), "DAG")+" so far"
	case e.cached:
		style, text = t.warn.On(t.head), "cached, "+span(age)+" old"
	case e.err != nil, s.here.Sub(due) > s.staleAfter():
		style, text = t.warn.On(t.head), span(age)+" old"
	}
	if s.options.Chronicle != nil && s.width >= roomyWidth {
		text = fmt.Sprintf("%d req/min%s%s", s.meter.Minute, t.dot, text)
	}
	return style.Render(text) + t.headDim.Render(t.dot) + utc
}

// localTime is the time of the reader's own zone, where it is another one and there is room for it.
func (s *shell) localTime() string {
	local := s.now.In(s.options.Zone)
	if _, offset := local.Zone(); offset == 0 || s.width < roomyWidth {
		return ""
	}
	return local.Format(" (15:04 MST)")
}

// apart says by how much Airflow's clock, which the head shows, differs from the local one.
func (s *shell) apart() string {
	switch skew := s.skew(); {
	case skew > 0:
		return ", " + span(skew) + " ahead"
	case skew < 0:
		return ", " + span(-skew) + " behind"
	}
	return ""
}

// staleAfter is how long after the next reading was due a picture is older than it should be.
func (s *shell) staleAfter() time.Duration {
	return 3 * s.pause(need{}, 0)
}

// pathLine says where we are, and what is shown.
func (s *shell) pathLine() string {
	t := s.theme
	right := s.top().summary()
	left := s.crumbs(s.width - paint.Width(right) - 4)
	return left + paint.Spaces(s.width-paint.Width(left)-paint.Width(right)-1) + t.dim.Render(right)
}

// crumbsBefore is how many columns of the path before its last title are kept at least, where that is long.
const crumbsBefore = 12

// crumbs are the titles of the path, whose beginning gives way where there is little room. Of a last one that is too long itself the middle is left out, so
// that it still says what it is about.
func (s *shell) crumbs(room int) string {
	t := s.theme
	var b strings.Builder
	b.WriteByte(' ')
	for _, sc := range s.path[:len(s.path)-1] {
		b.WriteString(t.dim.Render(clean(sc.title())) + t.faint.Render(t.crumb))
	}
	last := room - min(crumbsBefore, paint.Width(b.String()))
	b.WriteString(t.strong.Render(paint.FitMiddle(clean(s.top().title()), last, t.tail)))
	return paint.FitLeft(b.String(), room, t.tail)
}

// statusLine is the prompt, a note, what is wrong with the data on the screen, or more about what is selected.
func (s *shell) statusLine() string {
	t := s.theme
	if s.prompt != nil {
		return s.prompt.line(t, s.width)
	}
	if s.note.text != "" {
		return " " + t.text.Render(paint.Fit(clean(s.note.text), s.width-2, t.tail))
	}
	for _, n := range s.needs() {
		if e := s.store.get(n.query); e.err != nil {
			next := "trying again"
			if wait := e.tried.Add(s.pause(n, e.failures)).Sub(s.here); wait > 0 && !e.loading() {
				next = "again in " + span(wait+time.Second-1)
			}
			text := fmt.Sprintf("%s %s: %s", t.glyph(fleet.Failed), next, errorText(e.err))
			return " " + t.warn.Render(paint.Fit(text, s.width-2, t.tail))
		}
	}
	return " " + t.dim.Render(paint.Fit(clean(s.top().detail()), s.width-2, t.tail))
}

// keyLine lists the keys that work here and now, as many as there is room for. The way back and help are always there.
func (s *shell) keyLine() string {
	t := s.theme
	item := func(b binding) string { return t.key.Render(b.label) + t.dim.Render(" "+b.verb) }
	keys := slices.DeleteFunc(s.bindings(), func(k binding) bool { return k.quiet || k.why() != "" })
	always := item(binding{label: "?", verb: "help"})
	if i := slices.IndexFunc(keys, func(k binding) bool { return k.label == "esc" }); i >= 0 {
		always = item(keys[i]) + "  " + always
		keys = slices.Delete(keys, i, i+1)
	}
	var b strings.Builder
	b.WriteByte(' ')
	used := 1
	for _, k := range keys {
		text := item(k)
		w := paint.Width(text) + 2
		if used+w+paint.Width(always) >= s.width {
			continue
		}
		b.WriteString(text)
		b.WriteString("  ")
		used += w
	}
	return b.String() + always
}
