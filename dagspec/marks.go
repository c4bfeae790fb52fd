package dagspec

import (
	"regexp"
	"strings"
)

// Tag marks every DAG that is generated; the runtime sets it (runtime/chronon_rt/build.py, tags).
const Tag = "chronon"

// What the other tags of a generated DAG begin with (runtime/chronon_rt/build.py, tags): a kind, a team, and the full name of a join.
const (
	TagKind = "kind:"
	TagTeam = "team:"
	TagJoin = "join:"
)

// SummaryTask is the id of the last task of a streaming or comparison DAG, which publishes what the others found.
const SummaryTask = "summary"

// sensorPrefix begins the ids of the tasks that wait for partitions.
const sensorPrefix = "wait_for__"

// IsSensor says whether the id is that of a task which only waits for a partition.
func IsSensor(taskID string) bool { return strings.HasPrefix(taskID, sensorPrefix) }

// hashMark is the end of a generated DAG's description; the runtime writes it (runtime/chronon_rt/build.py, describe).
var hashMark = regexp.MustCompile(`\[cc:([0-9a-f]{12})\]\s*$`)

// ContentHash is the hash that the description of a DAG ends in, which is [DAG.Hash] of the content that Airflow parsed. It is empty for a
// DAG that was not generated.
func ContentHash(description string) string {
	if m := hashMark.FindStringSubmatch(description); m != nil {
		return m[1]
	}
	return ""
}

// ModeOf is the mode of a generated task, by the first words of its id; ok is false for sensors, summaries, the parts of a join, and ids that are
// not ours.
func ModeOf(taskID string) (mode Mode, ok bool) {
	word, rest, _ := strings.Cut(taskID, "__")
	if rest == "" {
		return "", false
	}
	for mode, known := range taskWords {
		if word == known {
			return mode, true
		}
	}
	return "", false
}
