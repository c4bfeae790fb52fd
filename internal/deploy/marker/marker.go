// Package marker writes and reads the DAG that tells over REST which release an Airflow has.
//
// The marker has no task and never runs. Its description names the release, so that a deploy sees when another one was faster, and its file is one that
// Airflow can always be asked to parse again. Its documentation carries the index of the release: DAGs, confs, tables, lineage and hashes. So
// whoever reaches the Airflow knows what runs there, without the Chronon repository.
package marker

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// Tag is carried by markers and by no other DAG.
const Tag = "chronon-release"

// prefix begins the index in the documentation of the marker, and says how it is written.
const prefix = "chronon-index-1:"

// mostIndex bounds what is unpacked: text from an Airflow is not trusted.
const mostIndex = 64 << 20

// Index is what a release consists of, by DAG id.
type Index struct {
	Schema    int       `json:"schema"`
	Release   string    `json:"release"`
	Created   time.Time `json:"created"`
	Generator string    `json:"generator"`
	Commit    string    `json:"commit,omitempty"` // of the Chronon repository; empty: not known
	Dirty     bool      `json:"dirty,omitempty"`  // it had changes that were not committed
	DAGs      []DAG     `json:"dags"`
}

// DAG is one DAG of a release.
type DAG struct {
	ID       string       `json:"id"`
	Kind     dagspec.Kind `json:"kind,omitempty"`
	Team     string       `json:"team,omitempty"`
	Join     string       `json:"join,omitempty"` // full conf name of the join that the DAG belongs to
	Hash     string       `json:"hash"`
	File     string       `json:"file"`
	Schedule string       `json:"schedule,omitempty"` // five cron fields, UTC
	Confs    []string     `json:"confs,omitempty"`    // full names
	Writes   []string     `json:"writes,omitempty"`   // tables
	Reads    []string     `json:"reads,omitempty"`    // tables that its tasks wait for
	Owner    string       `json:"owner,omitempty"`
	Start    string       `json:"start,omitempty"` // logical date of the first run, YYYY-MM-DD
	Tasks    []Task       `json:"tasks,omitempty"` // as they are defined; releases of older versions do not tell them
}

// Describe adds to an index entry what the definition of the DAG says.
func (d *DAG) Describe(def dagspec.DAG) {
	d.Kind, d.Team, d.Join, d.Schedule, d.Owner, d.Start = def.Kind, def.Team, def.Join, def.Schedule, def.Owner, def.Start.String()
	for _, task := range def.Tasks {
		d.Tasks = append(d.Tasks, taskOf(task))
		if task.Conf != "" {
			d.Confs = append(d.Confs, task.Conf)
		}
		for _, output := range task.Outputs {
			d.Writes = append(d.Writes, output.Table)
		}
		for _, wait := range task.Waits {
			d.Reads = append(d.Reads, wait.Partition.Table)
		}
	}
	for _, list := range []*[]string{&d.Confs, &d.Writes, &d.Reads} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// Render writes the file of a marker DAG. The hash that its description ends in covers the index, and with it the release.
func Render(dagID, path string, index Index) (dagspec.File, string, error) {
	doc, err := encode(index)
	if err != nil {
		return dagspec.File{}, "", err
	}
	digest := sha256.Sum256([]byte(doc))
	hash := hex.EncodeToString(digest[:])[:12]
	text := fmt.Sprintf(source, quote(dagID), quote(describe(index.Release)+" [cc:"+hash+"]"), quote(Tag), quote(doc))
	return dagspec.File{Path: path, Data: []byte(text), DAGs: []string{dagID}}, hash, nil
}

// source is a marker. It imports on every Airflow from 2.6 on.
const source = `# The release that chrononctl deployed last. The next deploy writes this file again.
from datetime import datetime

try:
    from airflow.sdk import DAG
except ImportError:
    from airflow import DAG

dag = DAG(
    dag_id=%s,
    description=%s,
    schedule=None,
    start_date=datetime(2024, 1, 1),
    catchup=False,
    is_paused_upon_creation=True,
    tags=[%s],
    doc_md=%s,
)
`

// quote is a Python literal of plain ASCII text. Ids, releases and base64 hold nothing else.
func quote(text string) string { return strconv.QuoteToASCII(text) }

const described = "Release "

func describe(release string) string { return described + release }

// ReleaseOf is the release that the description of a marker names; empty when it names none.
func ReleaseOf(description string) string {
	rest, ok := strings.CutPrefix(description, described)
	if !ok {
		return ""
	}
	release, _, _ := strings.Cut(rest, " ")
	return release
}

func encode(index Index) (string, error) {
	data, err := json.Marshal(index)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return prefix + base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// ErrNoIndex says that a text is not the documentation of a marker.
var ErrNoIndex = errors.New("no index of a release")

// Decode reads the index out of the documentation of a marker DAG (doc_md of GET dags/{id}/details).
func Decode(doc string) (Index, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(doc), prefix)
	if !ok {
		return Index{}, ErrNoIndex
	}
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Index{}, fmt.Errorf("index of a release: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Index{}, fmt.Errorf("index of a release: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(r, mostIndex+1))
	if err != nil {
		return Index{}, fmt.Errorf("index of a release: %w", err)
	}
	if len(data) > mostIndex {
		return Index{}, fmt.Errorf("index of a release: larger than %d bytes", mostIndex)
	}
	var index Index
	if err := json.Unmarshal(data, &index); err != nil {
		return Index{}, fmt.Errorf("index of a release: %w", err)
	}
	return index, nil
}
