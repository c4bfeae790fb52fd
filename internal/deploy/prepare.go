package deploy

import (
	"fmt"
	"io/fs"

	"chrononctl/dagspec"
)

// Prepare goes the way from a compiled Chronon repository to a release: load, build, render. The diagnostics are all that was found on the way;
// whether errors among them stop a deploy is for the caller to decide, the release holds what could be placed.
func Prepare(repo fs.FS, s dagspec.Settings) (Release, dagspec.Diagnostics, error) {
	return PrepareCached(repo, s, nil)
}

// PrepareCached is [Prepare] with a cache of DAG files, which changes nothing but the time that it takes.
func PrepareCached(repo fs.FS, s dagspec.Settings, cache dagspec.Cache) (Release, dagspec.Diagnostics, error) {
	loaded, _ := dagspec.Load(repo, s) // Build hands its diagnostics on
	definitions := dagspec.Build(loaded, s)
	files, err := dagspec.RenderCached(definitions, loaded, s, cache)
	if err != nil {
		return Release{}, definitions.Diagnostics, fmt.Errorf("render DAG files: %w", err)
	}
	return Release{Files: files, DAGs: definitions.DAGs, LeftOut: definitions.LeftOut}, definitions.Diagnostics, nil
}
