package airflowclient

import (
	"context"
	"errors"
)

// TailLine is a line of a log that is followed.
type TailLine struct {
	LogLine
	Source   bool // about where Airflow looked for the log, not from the task
	Replaces bool // stands in place of the line before, which was not complete yet
}

// Tail follows one log. It keeps no lines: what it reads goes to the caller at once, whether that is a screenful or a million lines.
//
// Each [Tail.Read] fetches only what is new. On both Airflows the continuation token holds the position (in characters on Airflow 2, in
// messages on 3) and the server leaves out what lies before; without it the whole log comes again, which is why the text form of
// Airflow 2 and the stream of Airflow 3, whose answers bear no such token, are not used for logs that grow.
//
// Airflow calls a log complete whenever its task is not at work at that moment: before it starts, and between two pokes of a sensor
// that reschedules itself. Whoever knows the task's state decides when to stop; until then Read may be called again.
type Tail struct {
	client *Client
	ref    LogRef
	whole  bool

	token   string // the last position that the server named
	since   int    // lines of the task that were handed on since then
	sources int    // lines about where the log was looked for that were handed on
	began   bool   // a line of the task was handed on
	last    LogLine
	absent  string
	retries int
}

// Tail makes a tail that has read nothing yet. finished says that the task has ended: its log is read as one stream where Airflow has that.
func (c *Client) Tail(ref LogRef, finished bool) *Tail {
	return &Tail{client: c, ref: ref, whole: finished, retries: int(c.conn.tries)}
}

// Absent is what Airflow says about where it looked for a log that is not there, "" when there is one.
func (t *Tail) Absent() string { return t.absent }

// Read hands on what was added to the log since the last time, and reports whether Airflow calls the log complete. When an answer breaks
// off it is asked for again, and no line is handed on twice.
func (t *Tail) Read(ctx context.Context, emit func(TailLine)) (done bool, err error) {
	d, err := t.client.connect(ctx)
	if err != nil {
		return false, err
	}
	for try := 1; ; try++ {
		done, err = t.once(ctx, d, emit)
		var ours *Error
		if err == nil || try >= t.retries || !errors.As(err, &ours) || ours.Status != 0 || !IsUnavailable(err) {
			return done, err
		}
	}
}

// once asks once, from the last position on, and leaves out what was handed on since then.
func (t *Tail) once(ctx context.Context, d dialect, emit func(TailLine)) (bool, error) {
	known, seen, sources := t.since, 0, 0
	got, err := t.client.conn.readLog(ctx, d, logRequest{ref: t.ref, token: t.token, whole: t.whole}, func(line tailed) {
		switch {
		case line.source:
			if sources++; sources > t.sources && !t.began {
				t.sources = sources
				emit(TailLine{LogLine: line.LogLine, Source: true})
			}
			return
		case seen < known:
			seen++
			return
		}
		seen++
		t.since, t.began = seen, true
		if line.joins {
			line.Time, line.Level, line.Text = t.last.Time, t.last.Level, t.last.Text+line.Text
		}
		t.last = line.LogLine
		emit(TailLine{LogLine: line.LogLine, Replaces: line.joins})
	})
	if err != nil {
		return false, err
	}
	if t.absent = got.absent; t.began {
		t.absent = ""
	}
	if got.next != "" {
		t.token, t.since = got.next, 0
	}
	return got.done, nil
}
