package history

import (
	"encoding/gob"
	"io"

	"chrononctl/internal/fleet"
)

// taskSamples is an entry of the experience as it is written.
type taskSamples struct {
	Task    fleet.TaskRef
	Samples []fleet.Sample
}

func samplesContent(samples *[]taskSamples) content {
	return content{
		shape: shapeOf(samples),
		read:  func(r io.Reader) error { return readEach(gob.NewDecoder(r), samples) },
		write: func(w io.Writer) error { return writeEach(gob.NewEncoder(w), *samples) },
	}
}

// pictureContent is a picture, whose long lists follow the rest.
func pictureContent(s *fleet.Snapshot) content {
	return content{
		shape: shapeOf(s),
		read: func(r io.Reader) error {
			in := gob.NewDecoder(r)
			return firstError(
				func() error { return in.Decode(s) },
				func() error { return readEach(in, &s.DAGs) },
				func() error { return readEach(in, &s.Outputs) },
				func() error { return readEach(in, &s.Calendars) },
				func() error { return readEach(in, &s.Work) },
			)
		},
		write: func(w io.Writer) error {
			out := gob.NewEncoder(w)
			short := *s
			short.DAGs, short.Outputs, short.Calendars, short.Work = nil, nil, nil, nil
			return firstError(
				func() error { return out.Encode(short) },
				func() error { return writeEach(out, s.DAGs) },
				func() error { return writeEach(out, s.Outputs) },
				func() error { return writeEach(out, s.Calendars) },
				func() error { return writeEach(out, s.Work) },
			)
		},
	}
}

// readingContent is bytes that only the observer understands.
func readingContent(reading *[]byte, write func(io.Writer) error) content {
	return content{
		shape: shapeOf(reading),
		read: func(r io.Reader) (err error) {
			*reading, err = io.ReadAll(r)
			return err
		},
		write: write,
	}
}

// writeEach writes rows one by one: gob has the whole of what it writes at once in memory.
func writeEach[T any](out *gob.Encoder, rows []T) error {
	err := out.Encode(len(rows))
	for i := 0; i < len(rows) && err == nil; i++ {
		err = out.Encode(&rows[i])
	}
	return err
}

// readEach reads what writeEach wrote. A list without rows is nil.
func readEach[T any](in *gob.Decoder, rows *[]T) error {
	n := 0
	err := in.Decode(&n)
	for range n {
		var row T
		if err = in.Decode(&row); err != nil {
			break
		}
		*rows = append(*rows, row)
	}
	return err
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
