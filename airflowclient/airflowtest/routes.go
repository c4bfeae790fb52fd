package airflowtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// routeV1 is the part of /api/v1 that is simulated.
func (a *Airflow) routeV1() {
	const api = "/api/v1"
	a.routeBoth(api)
	a.open("GET "+api+"/health", a.health)
	a.open("GET /health", a.health)
	a.handle("GET "+api+"/dagSources/{token}", a.sourceByToken)
	a.handle("POST "+api+"/dags/{dag}/dagRuns/{run}/clear", a.clearRunV1)
}

// routeV2 is the part of /api/v2 that is simulated.
func (a *Airflow) routeV2() {
	const api = "/api/v2"
	a.routeBoth(api)
	a.open("GET "+api+"/monitor/health", a.health)
	a.open("POST /auth/token", a.giveToken)
	a.open("GET /auth/token", func(r *http.Request) (answer, error) {
		if a.opts.User != "" {
			return answer{}, forbidden()
		}
		return a.giveToken(r)
	})
	a.handle("GET "+api+"/dagSources/{dag}", a.sourceByDAG)
	a.handle("GET "+api+"/dags/{dag}/dagVersions", a.listVersions)
}

// routeBoth is what the two have in common, but for names, shapes and manners.
func (a *Airflow) routeBoth(api string) {
	a.routeOperations(api)
	a.open("GET "+api+"/version", func(*http.Request) (answer, error) {
		return answer{body: row{"version": a.opts.Version, "git_version": nil}}, nil
	})
	a.handle("GET "+api+"/dags", a.listDAGs)
	a.handle("GET "+api+"/dags/{dag}", a.readDAG)
	a.handle("PATCH "+api+"/dags/{dag}", a.patchDAG)
	a.handle("GET "+api+"/dags/{dag}/tasks", a.listTasks)
	a.handle("POST "+api+"/dags/{dag}/clearTaskInstances", a.clearTasks)
	a.handle("PUT "+api+"/parseDagFile/{token}", a.reparseFile)
	a.handle("GET "+api+"/importErrors", a.listImportErrors)
	a.handle("GET "+api+"/pools", a.listPools)
	a.handle("GET "+api+"/eventLogs", a.listEvents)
	a.handle("POST "+api+"/dags/~/dagRuns/list", a.findRuns)
	a.handle("GET "+api+"/dags/{dag}/dagRuns", a.listRuns)
	a.handle("POST "+api+"/dags/{dag}/dagRuns", a.triggerRun)
	a.handle("GET "+api+"/dags/{dag}/dagRuns/{run}", a.readRun)
	a.handle("PATCH "+api+"/dags/{dag}/dagRuns/{run}", a.patchRun)
	a.handle("DELETE "+api+"/dags/{dag}/dagRuns/{run}", a.deleteRun)
	a.handle("POST "+api+"/dags/~/dagRuns/~/taskInstances/list", a.findInstances)
	const tasks = "/dags/{dag}/dagRuns/{run}/taskInstances"
	a.handle("GET "+api+tasks, a.listInstances)
	a.handle("GET "+api+tasks+"/{task}/xcomEntries/{key}", a.readXCom)
	a.handle("GET "+api+tasks+"/{task}/logs/{try}", a.readLog)
}

// health is what Airflow says of its parts. The scheduler is unhealthy half a minute after its last heartbeat.
func (a *Airflow) health(*http.Request) (answer, error) {
	beat, status := a.now(), "healthy"
	if a.stopped {
		beat = a.beat
		if a.now().Sub(beat) > 30*time.Second {
			status = "unhealthy"
		}
	}
	return answer{body: row{
		"metadatabase":  row{"status": "healthy"},
		"scheduler":     row{"status": status, "latest_scheduler_heartbeat": a.when(beat)},
		"triggerer":     row{"status": "healthy", "latest_triggerer_heartbeat": a.when(a.now())},
		"dag_processor": row{"status": nil, "latest_dag_processor_heartbeat": nil},
	}}, nil
}

// listImportErrors names files by their full path on Airflow 2, and below their bundle on Airflow 3.
func (a *Airflow) listImportErrors(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	list := slices.DeleteFunc(slices.Clone(a.broken), func(e *importError) bool { return a.sight(e.file) == sightNone })
	if by := q.Get("order_by"); by == "-timestamp" || by == "-import_error_id" || by == "-id" {
		slices.Reverse(list)
	}
	return collection("import_errors", list, p, func(e *importError) row {
		shown := row{"import_error_id": e.number, "filename": dagFolder + e.file, "stack_trace": e.trace, "timestamp": a.when(a.reparsed(e.when))}
		if a.sight(e.file) == sightSome {
			shown["stack_trace"] = "REDACTED - you do not have read permission on all DAGs in the file"
		}
		if a.isV2 {
			shown["filename"], shown["bundle_name"] = e.file, "dags-folder"
		}
		return shown
	}), nil
}

// sight is how many of the DAGs of a file the user may read.
type sight uint8

const (
	sightAll sight = iota // also where the user may read all DAGs
	sightSome
	sightNone
)

// sight says so of a file. Who has permissions for single DAGs sees no error of a file that never had one of them, and the trace only where all are.
func (a *Airflow) sight(file string) sight {
	if len(a.hidden) == 0 {
		return sightAll
	}
	seen, hidden := 0, 0
	for id, d := range a.dags {
		switch {
		case d.file != file:
		case a.hidden[id]:
			hidden++
		default:
			seen++
		}
	}
	switch {
	case seen == 0:
		return sightNone
	case hidden > 0:
		return sightSome
	default:
		return sightAll
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
