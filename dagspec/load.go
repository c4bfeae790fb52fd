package dagspec

import "io/fs"

// Load reads teams.json and every compiled conf below s.ConfRoot.
func Load(fsys fs.FS, s Settings) (*Repo, Diagnostics) {
	panic("not yet")
}
