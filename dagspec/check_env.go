package dagspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// readModes are the keys under which run.py looks for a mode's environment: its modes, with "streaming" for all that contain it (run.py,
// set_runtime_env).
var readModes = map[string]bool{
	"backfill": true, "backfill-left": true, "backfill-final": true, "upload": true, "streaming": true, "consistency-metrics-compute": true,
	"compare": true, "analyze": true, "stats-summary": true, "log-summary": true, "log-flattener": true, "metadata-export": true,
	"label-join": true, "model-transform-batch": true, "metadata-upload": true, "fetch": true, "info": true,
}

// check reports variables that run.py never reads, and such that it fails on. at is the path of the map in its file.
func (e *envByMode) check(at string, found *findings) {
	if e.bad != "" {
		found.err(codeFieldType, at, "cannot be "+e.bad, "write an object of strings for each mode")
	}
	for _, mode := range slices.Sorted(maps.Keys(e.modes)) {
		switch {
		case readModes[mode]:
		case strings.Contains(mode, "streaming"):
			found.warn(codeModeEnv, at+"."+mode, "is never read: run.py looks for streaming, whatever the kind of stream", "rename it to streaming")
		default:
			found.warn(codeModeEnv, at+"."+mode, fmt.Sprintf("is never read: run.py has no mode %q", mode), "name a mode of run.py, such as backfill or upload")
		}
		for _, name := range slices.Sorted(maps.Keys(e.modes[mode])) {
			if value := e.modes[mode][name]; value.bad != "" {
				found.err(codeFieldType, at+"."+mode+"."+name, fmt.Sprintf("cannot be %s: run.py puts it into the environment", value.bad), "put the value in quotes")
			}
		}
	}
}
