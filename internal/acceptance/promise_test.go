//go:build real

package acceptance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// promises are what `generate --format json` says, as far as it can be seen from outside.
type promises struct {
	DAGs []promisedDAG `json:"dags"`
}

type promisedDAG struct {
	ID    string         `json:"id"`
	Kind  string         `json:"kind"`
	Team  string         `json:"team"`
	Tasks []promisedTask `json:"tasks"`
}

type promisedTask struct {
	DAG      string            `json:"-"` // its id
	ID       string            `json:"id"`
	Conf     string            `json:"conf"`
	Mode     string            `json:"mode"`
	Argv     []string          `json:"argv"`
	Env      map[string]string `json:"env"`
	Coalesce bool              `json:"coalesce"`
	Outputs  []string          `json:"outputs"`
}

func readPromises(t *testing.T, data []byte) promises {
	t.Helper()
	var p promises
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	for i, dag := range p.DAGs {
		for j := range dag.Tasks {
			p.DAGs[i].Tasks[j].DAG = dag.ID
		}
	}
	return p
}

// programs calls f for each task that runs a program.
func (p promises) programs(f func(promisedTask)) {
	for _, dag := range p.DAGs {
		for _, task := range dag.Tasks {
			if len(task.Argv) > 0 {
				f(task)
			}
		}
	}
}

// macro is how a day stands in the promises.
var macro = regexp.MustCompile(`\{\{ (?:ds|macros\.ds_add\(ds, (-?\d+)\)) \}\}`)

// on puts a day into a text of the promises.
func on(text, day string) string {
	return macro.ReplaceAllStringFunc(text, func(found string) string {
		shift, _ := strconv.Atoi(macro.FindStringSubmatch(found)[1])
		return moved(day, shift)
	})
}

// argvOn is the command line of a task for a day.
func (task promisedTask) argvOn(day string) []string {
	argv := make([]string, len(task.Argv))
	for i, element := range task.Argv {
		argv[i] = on(element, day)
	}
	return argv
}

// moved is the day that lies so many days later.
func moved(day string, by int) string {
	parsed, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // days come from this package
	}
	return parsed.AddDate(0, 0, by).Format(time.DateOnly)
}

var (
	bundledConf = regexp.MustCompile(`^(.*/_chronon_rt/confs/([0-9a-f]{16})/)(.+)$`)
	bundledTeam = regexp.MustCompile(`/_chronon_rt/teams/[0-9a-f]{16}$`)
	gathered    = regexp.MustCompile(`^` + regexp.QuoteMeta(os.TempDir()) + `/chronon_[^/]+/(production/joins//)$`)
)

// asPromised puts the paths of the Chronon repository back into a command line that names files of the release: a conf under the hash of its
// bytes, a team's settings, a folder of confs that was put together for one job. Everything else stays as it was received.
func asPromised(t *testing.T, argv []string, repo string) []string {
	t.Helper()
	promised := append([]string{}, argv...)
	for i, element := range argv {
		if match := bundledConf.FindStringSubmatch(element); match != nil {
			sum := sha256.Sum256(readFile(t, filepath.Join(repo, filepath.FromSlash(match[3]))))
			if got := sha256.Sum256(readFile(t, element)); got != sum || hex.EncodeToString(sum[:])[:16] != match[2] {
				t.Errorf("%s is not the conf %s of the repository", element, match[3])
			}
			promised[i] = match[3]
		} else if bundledTeam.MatchString(element) {
			readFile(t, filepath.Join(element, "teams.json"))
			promised[i] = "."
		} else if match := gathered.FindStringSubmatch(element); match != nil {
			promised[i] = match[1]
		}
	}
	return promised
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// line is a command line for a message and for comparison: no element has a zero byte.
func line(argv []string) string { return strings.Join(argv, "\x00") }

// shown is a command line for people.
func shown(argv []string) string { return strings.Join(argv, " ") }
