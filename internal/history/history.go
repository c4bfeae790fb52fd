// Package history keeps on disk what earlier looks at an Airflow have seen: how long tasks took and when days landed, from which comes what is
// usual; the last picture, from which the next start knows what does not change; and how far the server was read for it, from where the next goes on.
//
// It is small, bounded and safe to lose. Each context has a folder; each file in it begins with a line that says what it is, in which shape, and
// the SHA-256 of the rest, and is placed by rename. A file that does not fit, because it is torn, of another version, or of another Airflow, is
// ignored, and [History.Problem] says why; the next [History.Record] writes it anew. Several processes may use one folder: the last one wins, and
// what the other had seen is seen again.
package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/internal/fleet"
)

// Options says whose history it is.
type Options struct {
	Dir     string           // the user's folder for state; empty: nothing is kept
	Context string           // name of the context
	URL     string           // of its Airflow: the history of another one is ignored
	Now     func() time.Time // nil: time.Now
}

const (
	mostSamples = 60                  // of a task
	mostAge     = 90 * 24 * time.Hour // of a sample
	firstRecord = time.Minute         // between the first two pictures that are written; then longer and longer
	laterRecord = 15 * time.Minute    // between two pictures that are written, at most
)

// History is what is known of one context from before. It is safe for use by many goroutines. Make one with [Open].
type History struct {
	opts Options

	mu       sync.Mutex // guards the following
	past     fleet.Past
	picture  fleet.Snapshot
	has      bool // picture is one
	reading  []byte
	problem  string
	recorded time.Time
	pause    time.Duration // after which a picture is written again
}

// Dir is the folder in which the history of a context lies, below the user's folder for state. Its name is readable, and different for contexts
// whose names differ.
func Dir(state, context string) string {
	sum := sha256.Sum256([]byte(context))
	name := strings.Trim(notInName.ReplaceAllString(context, "_"), "._")
	return filepath.Join(state, "history", cmp.Or(name[:min(len(name), 40)], "context")+"-"+hex.EncodeToString(sum[:4]))
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Open reads the history of a context. There is always one, be it empty.
func Open(o Options) *History {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &History{opts: o, past: make(fleet.Past)}
	if o.Dir == "" {
		return h
	}
	var samples []taskSamples
	if err := h.read(pastFile, samplesContent(&samples)); err != nil {
		h.note(err)
	}
	for _, t := range samples {
		h.past[t.Task] = t.Samples
	}
	var picture fleet.Snapshot
	switch err := h.read(pictureFile, pictureContent(&picture)); {
	case err != nil:
		h.note(err)
	case !picture.At.IsZero():
		picture.Intent = &fleet.Intent{}
		h.picture, h.has = picture, true
	}
	if err := h.read(readingFile, readingContent(&h.reading, nil)); err != nil {
		h.note(err)
	}
	return h
}

func (h *History) note(err error) {
	h.problem = strings.TrimPrefix(h.problem+"; "+err.Error(), "; ")
}

// Problem says in words what could not be used, and why; empty when nothing was wrong.
func (h *History) Problem() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.problem
}

// LastSnapshot is the picture that was recorded last before this history was opened; ok is false when there is none, and from the first Record on. Its
// At says how old it is. It has no intent.
func (h *History) LastSnapshot() (picture fleet.Snapshot, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.picture, h.has
}

// Reading is what [fleet.Observer.WriteReading] wrote when that picture was recorded; empty when that was nothing.
func (h *History) Reading() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reading
}

// Past is the experience, for [fleet.Options].
func (h *History) Past() fleet.Past {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.past)
}

// Usual is how long a task usually takes, and how long after the end of its day it is usually done.
func (h *History) Usual(ref fleet.TaskRef) (took, landing fleet.Usual) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ran, landed []time.Duration
	for _, s := range h.past[ref] {
		if s.Took > 0 {
			ran = append(ran, s.Took)
		}
		if s.Landing > 0 {
			landed = append(landed, s.Landing)
		}
	}
	return fleet.UsualOf(ran), fleet.UsualOf(landed)
}

// Record keeps what a picture shows, and how far the server was read for it, which reading writes and which is asked only when it is due. However often
// it is called, it writes at once, a minute later, and then after pauses that double up to a quarter of an hour: to write a large fleet costs more than to
// look at it, and what is not written is read again. It writes a picture only when it is of the whole fleet: that of a few teams would hide the others.
func (h *History) Record(s fleet.Snapshot, reading func(io.Writer) error, whole bool) error {
	now := h.opts.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opts.Dir == "" || !h.recorded.IsZero() && now.Sub(h.recorded) < h.pause {
		return nil
	}
	h.recorded, h.pause = now, min(max(2*h.pause, firstRecord), laterRecord)
	h.picture, h.has, h.reading = fleet.Snapshot{}, false, nil // those of an earlier look; they are large, and whoever wanted them has them
	h.learn(s.Samples(), now)
	samples := sorted(h.past)
	err := h.write(pastFile, samplesContent(&samples))
	if whole {
		err = errors.Join(err, h.write(pictureFile, pictureContent(&s)), h.write(readingFile, readingContent(&h.reading, reading)))
	}
	if err != nil {
		return fmt.Errorf("keep what was seen: %w", err)
	}
	return nil
}

// learn adds samples, the newer one of a day in place of the older, and forgets what is too old or too much.
func (h *History) learn(seen fleet.Past, now time.Time) {
	oldest := now.Add(-mostAge).UTC().Format(time.DateOnly)
	for ref, samples := range seen {
		byDay := make(map[string]fleet.Sample)
		for _, s := range h.past[ref] {
			byDay[s.Day] = s
		}
		for _, s := range samples {
			if old, ok := byDay[s.Day]; ok && s.Landing == 0 {
				s.Landing = old.Landing // a day that is computed again has landed before
			}
			byDay[s.Day] = s
		}
		h.past[ref] = slices.SortedFunc(maps.Values(byDay), func(a, b fleet.Sample) int { return strings.Compare(a.Day, b.Day) })
	}
	for ref, samples := range h.past {
		samples = slices.DeleteFunc(slices.Clone(samples), func(s fleet.Sample) bool { return s.Day < oldest })
		if h.past[ref] = samples[max(len(samples)-mostSamples, 0):]; len(samples) == 0 {
			delete(h.past, ref)
		}
	}
}

func sorted(past fleet.Past) []taskSamples {
	list := make([]taskSamples, 0, len(past))
	for ref, samples := range past {
		list = append(list, taskSamples{ref, samples})
	}
	slices.SortFunc(list, func(a, b taskSamples) int {
		return cmp.Or(strings.Compare(a.Task.DAGID, b.Task.DAGID), strings.Compare(a.Task.TaskID, b.Task.TaskID))
	})
	return list
}
