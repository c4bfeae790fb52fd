package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"chrononctl/airflowclient"
)

// writtenLog is a log that grows by one batch with each reading.
type writtenLog struct {
	batches [][]airflowclient.TailLine
	read    int
	err     error
	ended   bool
}

func (w *writtenLog) Absent() string { return "" }

func (w *writtenLog) Read(_ context.Context, emit func(airflowclient.TailLine)) (bool, error) {
	if w.read < len(w.batches) {
		for _, l := range w.batches[w.read] {
			emit(l)
		}
		w.read++
	}
	return w.ended && w.read == len(w.batches), w.err
}

func tailOf(w *writtenLog) *LogTail {
	return &LogTail{turn: make(chan struct{}, 1), follow: w, what: "the log"}
}

func said(texts ...string) []airflowclient.TailLine {
	var out []airflowclient.TailLine
	for _, text := range texts {
		rest, replaces := strings.CutPrefix(text, "~")
		out = append(out, airflowclient.TailLine{LogLine: airflowclient.LogLine{Text: rest}, Replaces: replaces})
	}
	return out
}

// reader is who reads a log: it goes on from where it is.
type reader struct {
	lines []string
	from  int
}

func (r *reader) take(p LogPart) {
	if p.Replaces {
		r.lines = r.lines[:len(r.lines)-1]
	}
	for _, l := range p.Lines {
		r.lines = append(r.lines, l.Text)
	}
	r.from = p.Next
}

func TestALogThatGrowsIsReadOnce(t *testing.T) {
	t.Parallel()
	log := &writtenLog{ended: true, batches: [][]airflowclient.TailLine{said("a", "b"), said("~b, more", "c"), nil, said("~c, more")}}
	tail := tailOf(log)
	var r reader
	for i := range 5 {
		part, err := tail.Read(t.Context(), r.from)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 { // the answer got lost: the same is asked for again
			if part, err = tail.Read(t.Context(), r.from); err != nil {
				t.Fatal(err)
			}
		}
		r.take(part)
	}
	if want := []string{"a", "b, more", "c, more"}; !slices.Equal(r.lines, want) {
		t.Errorf("%q, want %q", r.lines, want)
	}
}

func TestALongLogComesInParts(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range unreadLimit * 3 / 2 {
		texts = append(texts, fmt.Sprint(i))
	}
	tail := tailOf(&writtenLog{batches: [][]airflowclient.TailLine{said(texts...)}, ended: true})
	var r reader
	for range 20 {
		part, err := tail.Read(t.Context(), r.from)
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Lines) > partLimit {
			t.Fatalf("%d lines at once", len(part.Lines))
		}
		if r.take(part); part.Done {
			if kept := len(r.lines); kept+part.Skipped != len(texts) || r.lines[kept-1] != texts[len(texts)-1] {
				t.Errorf("%d lines and %d skipped of %d, the last %q", kept, part.Skipped, len(texts), r.lines[kept-1])
			}
			return
		}
	}
	t.Error("the log does not end")
}

func TestAnErrorTakesNoLinesAway(t *testing.T) {
	t.Parallel()
	log := &writtenLog{batches: [][]airflowclient.TailLine{said("a")}, err: errors.New("broke off")}
	tail := tailOf(log)
	part, err := tail.Read(t.Context(), 0)
	if err != nil || len(part.Lines) != 1 {
		t.Fatalf("%v, %v", part, err)
	}
	if _, err = tail.Read(t.Context(), part.Next); err == nil {
		t.Error("no error when nothing came")
	}
}

func TestTheFactsOfALogAreThoseOfItsCompleteLines(t *testing.T) {
	t.Parallel()
	tail := tailOf(&writtenLog{ended: true, batches: [][]airflowclient.TailLine{
		said("Computing join for range: [2026-11-01...2026-11-01]  | [1/"), said("~Computing join for range: [2026-11-01...2026-11-01]  | [1/3]", "x"),
	}})
	part, _ := tail.Read(t.Context(), 0)
	if part.Facts.Step != 0 {
		t.Errorf("half a line was read: %+v", part.Facts)
	}
	part, _ = tail.Read(t.Context(), part.Next)
	if part.Facts.Step != 1 || part.Facts.Steps != 3 {
		t.Errorf("%+v", part.Facts)
	}
}
