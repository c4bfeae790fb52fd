package deploy

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
)

// Airflow is what a deploy needs of an Airflow. *airflowclient.Client is one.
type Airflow interface {
	Server(ctx context.Context) (airflowclient.Server, error)
	Health(ctx context.Context) (airflowclient.Health, error)
	DAGs(ctx context.Context, query airflowclient.DAGQuery) ([]airflowclient.DAG, error)
	DAG(ctx context.Context, id string) (airflowclient.DAG, error)
	Tasks(ctx context.Context, dagID string) ([]airflowclient.Task, error)
	ImportErrors(ctx context.Context) ([]airflowclient.ImportError, error)
	Runs(ctx context.Context, query airflowclient.RunQuery) ([]airflowclient.Run, error)
	TaskInstances(ctx context.Context, query airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error)
	SetPaused(ctx context.Context, dagID string, paused bool) error
	Reparse(ctx context.Context, fileToken string) error
	Raw(ctx context.Context, method, path string, body any) (json.RawMessage, error)
	// ServerTime is the server's clock as its last answer had it; false: it has not said.
	ServerTime() (time.Time, bool)
}

var _ Airflow = (*airflowclient.Client)(nil)

// picture is what Airflow shows of our DAGs at one moment.
type picture struct {
	dags   map[string]airflowclient.DAG
	broken []airflowclient.ImportError
	root   string // the folder of our files as Airflow sees it; "" as long as none was parsed
	marker airflowclient.DAG
}

// release is the release that the marker names; empty without one.
func (p picture) release() string {
	if p.marker.Stale {
		return ""
	}
	return marker.ReleaseOf(p.marker.Description)
}

// look reads the picture: one list of DAGs, in pages, one of import errors, and the marker, for the files that a manifest says.
func look(ctx context.Context, airflow Airflow, manifest Manifest) (picture, error) {
	dags, err := airflow.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{dagspec.Tag}, IncludeStale: true})
	if err != nil {
		return picture{}, err
	}
	broken, err := airflow.ImportErrors(ctx)
	if err != nil {
		return picture{}, err
	}
	p := picture{dags: make(map[string]airflowclient.DAG, len(dags)), broken: broken}
	if manifest.Marker != nil {
		if p.marker, err = airflow.DAG(ctx, manifest.Marker.DAG); err != nil && !airflowclient.IsNotFound(err) {
			return picture{}, err
		}
	}
	for _, dag := range dags {
		p.dags[dag.ID] = dag
		if want, ok := manifest.DAGs[dag.ID]; ok && p.root == "" && !dag.Stale {
			p.root, _ = strings.CutSuffix(dag.FileLoc, "/"+want.File)
			if p.root == dag.FileLoc {
				p.root = ""
			}
		}
	}
	return p, nil
}

// importError finds the import error of one of our files.
//
// Airflow 2 names a file by its full path, Airflow 3 by its path below the bundle, whose root need not be our folder, and
// neither need see the folder where we see it. As long as no file of ours was parsed, the end of the path has to do.
func (p picture) importError(file string) (airflowclient.ImportError, bool) {
	for _, broken := range p.broken {
		if p.names(broken.File, file) {
			return broken, true
		}
	}
	return airflowclient.ImportError{}, false
}

func (p picture) names(shown, file string) bool {
	prefix, ok := strings.CutSuffix(shown, file)
	switch {
	case !ok || prefix != "" && !strings.HasSuffix(prefix, "/"):
		return false
	case p.root == "":
		return true
	case strings.HasPrefix(shown, "/"):
		return prefix == p.root+"/"
	default:
		return strings.HasSuffix(p.root+"/", "/"+prefix)
	}
}

// nudges is the number of files that are asked for when none of ours is known: one of each folder, since bundles are folders.
const nudges = 5

// nudge asks for a known file to be parsed and says how many requests Airflow took.
func nudge(ctx context.Context, airflow Airflow, seen picture) int {
	known := slices.SortedFunc(maps.Values(seen.dags), func(a, b airflowclient.DAG) int { return strings.Compare(a.ID, b.ID) })
	tokens := tokensOf(append([]airflowclient.DAG{seen.marker}, known...), 1)
	if len(tokens) == 0 {
		others, err := airflow.DAGs(ctx, airflowclient.DAGQuery{})
		if err != nil {
			return 0
		}
		tokens = tokensOf(others, nudges)
	}
	accepted := 0
	for _, token := range tokens {
		if airflow.Reparse(ctx, token) == nil {
			accepted++
		}
	}
	return accepted
}

// tokensOf is one file token of each folder, at most so many.
func tokensOf(dags []airflowclient.DAG, most int) []string {
	var tokens []string
	folders := map[string]bool{}
	for _, dag := range dags {
		folder := path.Dir(dag.FileLoc)
		if dag.Stale || dag.FileToken == "" || folders[folder] || len(tokens) == most {
			continue
		}
		folders[folder] = true
		tokens = append(tokens, dag.FileToken)
	}
	return tokens
}
