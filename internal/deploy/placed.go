package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/deploy/target"
)

// placedFile remembers which version each file got when it was written, for targets that cannot say what a file holds without handing it out.
const placedFile = "placed.json"

// fetchers is the number of files that are read at the same time to learn their hashes.
const fetchers = 8

// readPlaced reads what was placed. A memory that is lost costs reading the files, nothing else.
func readPlaced(ctx context.Context, state target.Reader, m *memory) error {
	data, version, err := state.Read(ctx, placedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", placedFile, err)
	}
	m.placedVersion = version
	if json.Unmarshal(data, &m.placed) != nil {
		m.placed = map[string]target.Entry{}
	}
	return nil
}

// place and forget keep the memory of versions up to date.
func (m *memory) place(name string, entry target.Entry) {
	if m.placed != nil {
		m.placed[name] = entry
	}
}

func (m *memory) forget(name string) { delete(m.placed, name) }

// savePlaced writes the memory of versions, where the target needs one.
func (d *deployment) savePlaced(ctx context.Context) error {
	if d.opts.Target.Capabilities().Hashes || d.result.Written+d.result.Removed == 0 {
		return nil
	}
	data, err := encode(d.memory.placed)
	if err != nil {
		return err
	}
	d.memory.placedVersion, err = d.session.State().Write(ctx, placedFile, data, d.memory.placedVersion)
	return err
}

// stat looks at files, and learns the hash of each: from the target, from the version that it got when we wrote it, or by reading it.
func (m *memory) stat(ctx context.Context, reader target.Reader, paths []string) (map[string]target.Entry, error) {
	entries, err := reader.Stat(ctx, paths)
	if err != nil {
		return nil, err
	}
	var unknown []string
	for name, entry := range entries {
		switch placed := m.placed[name]; {
		case entry.SHA256 != "" || entry.Special != "":
		case placed.Version == entry.Version:
			entries[name] = placed
		default:
			unknown = append(unknown, name)
		}
	}
	return entries, learn(ctx, reader, entries, unknown)
}

// learn reads files to know their hashes.
func learn(ctx context.Context, reader target.Reader, entries map[string]target.Entry, names []string) error {
	var mutex sync.Mutex
	group, ctx := parallel.WithContext(ctx)
	group.SetLimit(fetchers)
	for _, name := range names {
		group.Go(func() error {
			data, version, err := reader.Read(ctx, name)
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case errors.Is(err, fs.ErrNotExist):
				delete(entries, name)
			case err != nil:
				return err
			default:
				entries[name] = target.Entry{SHA256: sum(data), Version: version}
			}
			return nil
		})
	}
	return group.Wait()
}
