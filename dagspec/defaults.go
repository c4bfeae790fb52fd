package dagspec

import (
	"maps"
	"time"
)

// DefaultSettings are the settings of a project file that says nothing: confs under production/ travel with the release, run.py works in
// /srv/chronon on the workers, partitions are looked for in the Hive metastore, and nothing has been decided about the KV load.
func DefaultSettings() Settings {
	return Settings{
		ConfRoot: "production",
		Bundle:   true,
		Naming:   maps.Clone(docsNaming),
		Run:      RunSettings{Python: "python3", Repo: "/srv/chronon"},
		DAGs:     DAGSettings{Retries: 1, RetryDelay: 5 * time.Minute, Timeout: 96 * time.Hour},
		Sensors:  SensorSettings{Kind: "hive", Connection: "metastore_default", Poke: time.Minute, Timeout: 48 * time.Hour, MissingTable: time.Hour},
		Stream:   StreamSettings{Every: 15 * time.Minute, MaxRestarts: 12},
		Compare:  CompareSettings{Reader: "spark", Mismatch: 0.01, Missing: 0.05, MinRows: 30},
	}
}
