package tui

import (
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/rogpeppe/go-internal/diff"

	"chrononctl/internal/fleet"
)

// promises are what every frame holds, whatever it shows.
type promises struct {
	*testing.T
	view
	scene
	picture
}

func (p promises) hold(frame, plain string) {
	p.Helper()
	p.fits(frame)
	p.saysItWithoutColours(plain)
	p.tellsItsAge()
	p.doesNotLie()
}

// fits: exactly as many lines and at most as many columns as the terminal has.
func (p promises) fits(frame string) {
	p.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != p.height {
		p.Errorf("%s at %dx%d has %d lines", p.scene.name, p.width, p.height, len(lines))
	}
	for i, line := range lines {
		if widest([]string{line}) > p.width {
			p.Errorf("%s at %dx%d: line %d is wider: %s", p.scene.name, p.width, p.height, i+1, line)
		}
	}
}

// wordsOf is a frame without styles and trailing blanks.
func wordsOf(frame string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(ansi.Strip(frame), "\n") {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// colourCode is a sequence that sets a colour.
var colourCode = regexp.MustCompile(`\x1b\[[0-9;:]*\b(3[0-8]|4[0-8]|9[0-7]|10[0-7])\b[0-9;:]*m`)

// saysItWithoutColours: the theme without colours has no colour and the same words, and what a colour marks as a trouble has a word or a glyph.
func (p promises) saysItWithoutColours(plain string) {
	p.Helper()
	if p.scene.name != "searched" && colourCode.MatchString(plain) && !strings.HasPrefix(p.view.name, "log") {
		p.Errorf("%s at %dx%d: the frame without colours has colours: %q", p.scene.name, p.width, p.height, colourCode.FindString(plain))
	}
	if without := wordsOf(plain); without != p.words {
		p.Errorf("%s at %dx%d: without colours it says something else:\n%s", p.scene.name, p.width, p.height, diff.Diff("with", []byte(p.words), "without", []byte(without)))
	}
	told := map[colouredRun]bool{} // colours of lines that say it; a sentence that was wrapped goes on below
	for _, r := range p.runs {
		at := colouredRun{line: r.line, letter: r.letter}
		told[at] = told[at] || tellsTrouble(r.text) || told[colouredRun{line: r.line - 1, letter: r.letter}]
		if strings.ContainsRune("!xXw", rune(r.letter)) && !told[at] {
			p.Errorf("%s at %dx%d: only its colour tells that %q is no good", p.scene.name, p.width, p.height, r.text)
		}
	}
}

// troubleWords are what may be drawn in the colour of a trouble without a glyph.
var troubleWords = regexp.MustCompile(`READ-ONLY|may come|remove|\bold\b|\blate\b|\bstale\b|wrong|no data|missing|[Aa]gain|waits|no upload|not |never|is no |drop|risk|stopped|\+\d|:`)

// tellsTrouble says whether a text says that something is no good to who sees no colours.
func tellsTrouble(text string) bool {
	for h := fleet.Waiting; h <= fleet.Failed; h++ {
		if strings.Contains(text, h.Glyph()) {
			return true
		}
	}
	return strings.ContainsAny(text, "□?-!█░") || troubleWords.MatchString(text)
}

// tellsItsAge: what is not known to be true now says how old it is, or that there is nothing.
func (p promises) tellsItsAge() {
	p.Helper()
	head, _, _ := strings.Cut(p.words, "\n")
	want := map[condition]string{stale: " s old", cached: "cached, 3 h old", disconnected: "not reached yet|no answer| ago"}[p.of]
	if p.of == disconnected && p.deep {
		want = "no answer.* old"
	}
	if want != "" && !regexp.MustCompile(want).MatchString(head) {
		p.Errorf("%s at %dx%d: the head does not say how old this is: %s", p.scene.name, p.width, p.height, head)
	}
	if strings.Contains(head, "✔") && !p.of.answered() && p.of != forbidden && p.of != loading {
		p.Errorf("%s at %dx%d: the head says that Airflow is well: %s", p.scene.name, p.width, p.height, head)
	}
}

// wellWords are what may only be said when it is known.
var wellWords = regexp.MustCompile(`nothing failed|nothing waits|as it should be|nothing is wrong|has not run yet|deployed here yet|nothing to change|no events|every DAG|has no DAG|` +
	`no DAG on this|no join has|no streaming|no comparison has|no drift|it is empty|is empty so far|none that|\b0 (?:teams|DAGs|joins|streams|runs)|0 import errors`)

// doesNotLie: nothing is said to be well, or not to be there, that was not looked at.
func (p promises) doesNotLie() {
	p.Helper()
	if p.of != loading && p.of != forbidden && p.of != disconnected {
		return
	}
	if lie := wellWords.FindString(p.words); lie != "" && p.then == nil {
		p.Errorf("%s at %dx%d says %q, which nobody has found out:\n%s", p.scene.name, p.width, p.height, lie, p.words)
	}
}
