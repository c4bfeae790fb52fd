package dagspec

import (
	"maps"
	"time"
)

// DefaultSettings are the settings of a project file that says nothing: confs under production/, the workers hold the repository at /srv/chronon,
// partitions are looked for in the Hive metastore, and nothing has been decided about the KV load.
func DefaultSettings() Settings {
	return Settings{
		ConfRoot: "production",
		Naming:   maps.Clone(docsNaming),
		Run:      RunSettings{Python: "python3", Repo: "/srv/chronon"},
		DAGs:     DAGSettings{Retries: 1, RetryDelay: 5 * time.Minute, Timeout: 96 * time.Hour},
		Sensors:  SensorSettings{Kind: "hive", Connection: "metastore_default", Poke: time.Minute, Timeout: 48 * time.Hour},
		Stream:   StreamSettings{Every: 15 * time.Minute, MaxRestarts: 12},
		Compare:  CompareSettings{Reader: "spark", Mismatch: 0.01, Missing: 0.05, MinRows: 30},
	}
}
