package target

import "context"

// Files is one space of a target whose files lie on a [Disk]: what the drivers of folders, near and far, are made of. A space that does not exist yet
// reads as an empty one.
type Files struct{ *folder }

var (
	_ Reader = Files{}
	_ Writer = Files{}
)

// NewFiles makes a space of the folder that open opens, once for every operation.
func NewFiles(open func() (Disk, error)) Files {
	return Files{&folder{open: open, optional: true}}
}

// Clear removes what an interrupted session left on its way into the folder itself. Folders below it are cleared by the first write into them. The lock must
// be held.
func (f Files) Clear(ctx context.Context) error {
	return f.with(ctx, func(disk Disk) error { return f.sweep(disk, ".") })
}
