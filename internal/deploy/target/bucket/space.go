package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/deploy/target"
)

// fewPaths is how many objects of one folder, or below one folder, are asked for one by one; more are found by listing it, a thousand to a request.
const fewPaths = 8

// space is the objects under one prefix.
type space struct {
	store  Store
	prefix string
}

var (
	_ target.Reader = space{}
	_ target.Writer = space{}
)

func (s space) key(name string) string { return s.prefix + "/" + name }

// Stat implements [target.Reader]. The store knows no content hash, so that entries have a version only.
func (s space) Stat(ctx context.Context, paths []string) (map[string]target.Entry, error) {
	for _, name := range paths {
		if err := target.CheckPath(name); err != nil {
			return nil, err
		}
	}
	var mutex sync.Mutex
	entries := make(map[string]target.Entry, len(paths))
	found := func(name string, object Object) {
		mutex.Lock()
		defer mutex.Unlock()
		entries[name] = target.Entry{Version: object.Version}
	}
	group, ctx := parallel.WithContext(ctx)
	group.SetLimit(writers)
	alone, listings := looks(paths)
	for _, l := range listings {
		group.Go(func() error { return s.statFolder(ctx, l, found) })
	}
	for _, name := range alone {
		group.Go(func() error { return s.statOne(ctx, name, found) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return entries, nil
}

// listing is a folder that is listed for some names.
type listing struct {
	folder string
	deep   bool // with all folders below it
	names  []string
}

// looks divides names into those that are asked for alone and folders that are listed: one with many of the names in it, and one with many of them in
// folders of their own below it, as confs lie under names that hold their hash.
func looks(paths []string) (alone []string, listings []listing) {
	folders, trees := map[string][]string{}, map[string][]string{}
	for _, name := range paths {
		folders[path.Dir(name)] = append(folders[path.Dir(name)], name)
	}
	for folder, names := range folders {
		top, _, below := strings.Cut(names[0], "/")
		switch {
		case len(names) > fewPaths:
			listings = append(listings, listing{folder: folder, names: names})
		case below:
			trees[top] = append(trees[top], names...)
		default:
			alone = append(alone, names...)
		}
	}
	for top, names := range trees {
		if len(names) > fewPaths {
			listings = append(listings, listing{folder: top, deep: true, names: names})
		} else {
			alone = append(alone, names...)
		}
	}
	return alone, listings
}

func (s space) statOne(ctx context.Context, name string, found func(string, Object)) error {
	object, err := s.store.Head(ctx, s.key(name))
	switch {
	case missing(err):
		return nil
	case err != nil:
		return fmt.Errorf("look at %s: %w", name, err)
	}
	found(name, object)
	return nil
}

func (s space) statFolder(ctx context.Context, l listing, found func(string, Object)) error {
	objects, err := s.list(ctx, l.folder, l.deep)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool, len(l.names))
	for _, name := range l.names {
		wanted[name] = true
	}
	for _, object := range objects {
		if name := strings.TrimPrefix(object.Key, s.prefix+"/"); wanted[name] {
			found(name, object)
		}
	}
	return nil
}

// Read implements [target.Reader].
func (s space) Read(ctx context.Context, name string) ([]byte, target.Version, error) {
	if err := target.CheckPath(name); err != nil {
		return nil, target.Absent, err
	}
	content, err := s.store.Get(ctx, s.key(name))
	if err != nil {
		return nil, target.Absent, fmt.Errorf("read %s: %w", name, err)
	}
	return content.Data, content.Version, nil
}

// List implements [target.Reader].
func (s space) List(ctx context.Context, folder string) ([]string, error) {
	if folder != "." {
		if err := target.CheckPath(folder); err != nil {
			return nil, err
		}
	}
	objects, err := s.list(ctx, folder, false)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(objects))
	for i, object := range objects {
		names[i] = path.Base(object.Key)
	}
	return names, nil
}

func (s space) list(ctx context.Context, folder string, deep bool) ([]Object, error) {
	objects, err := s.store.List(ctx, path.Join(s.prefix, folder)+"/", deep)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, err)
	}
	return objects, nil
}

// Write implements [target.Writer].
func (s space) Write(ctx context.Context, name string, data []byte, replaces target.Version) (target.Version, error) {
	if err := errors.Join(ctx.Err(), target.CheckPath(name)); err != nil {
		return target.Absent, fmt.Errorf("write %s: %w", name, err)
	}
	version, err := s.put(ctx, name, data, replaces)
	if err != nil {
		return target.Absent, fmt.Errorf("write %s: %w", name, err)
	}
	return version, nil
}

// put writes one object, and looks at it when the outcome is not clear: a refusal may be the answer to a repetition of our own write.
func (s space) put(ctx context.Context, name string, data []byte, replaces target.Version) (target.Version, error) {
	version, err := s.store.Put(ctx, s.key(name), data, replaces)
	if err == nil {
		return version, nil
	}
	there, readErr := s.store.Get(ctx, s.key(name))
	if readErr == nil && there.Version != replaces && bytes.Equal(there.Data, data) {
		return there.Version, nil
	}
	if _, conflict := errors.AsType[*target.ConflictError](err); conflict {
		return target.Absent, &target.ConflictError{Path: name}
	}
	return target.Absent, err
}

// Remove implements [target.Writer]. An object that is gone already is what was asked for.
func (s space) Remove(ctx context.Context, name string, version target.Version) error {
	if version == target.Absent {
		return nil
	}
	err := errors.Join(ctx.Err(), target.CheckPath(name))
	if err == nil {
		err = s.delete(ctx, name, version)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// delete looks first: not every store compares the version of an object that it removes.
func (s space) delete(ctx context.Context, name string, version target.Version) error {
	object, err := s.store.Head(ctx, s.key(name))
	switch {
	case missing(err):
		return nil
	case err != nil:
		return err
	case object.Version != version:
		return &target.ConflictError{Path: name}
	}
	err = s.store.Delete(ctx, s.key(name), version)
	if err == nil || missing(err) {
		return nil
	}
	if _, there := s.store.Head(ctx, s.key(name)); missing(there) {
		return nil // the answer was lost, or a repetition of our own removal was refused
	}
	if _, conflict := errors.AsType[*target.ConflictError](err); conflict {
		return &target.ConflictError{Path: name}
	}
	return err
}
