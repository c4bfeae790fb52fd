package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// health is the answer of Airflow's health endpoint, GET /api/v2/monitor/health of Airflow 3 and GET /api/v1/health of Airflow 2.
// A component that never ran has neither status nor heartbeat.
type health struct {
	Database  componentHealth `json:"metadatabase"`
	Scheduler struct {
		componentHealth
		Heartbeat time.Time `json:"latest_scheduler_heartbeat"`
	} `json:"scheduler"`
	DAGProcessor struct {
		componentHealth
		Heartbeat time.Time `json:"latest_dag_processor_heartbeat"`
	} `json:"dag_processor"`
	Triggerer struct {
		componentHealth
		Heartbeat time.Time `json:"latest_triggerer_heartbeat"`
	} `json:"triggerer"`
}

type componentHealth struct {
	Status string `json:"status"`
}

// healthy is the status of a component that lives.
const healthy = "healthy"

// missing says what is not ready yet, nil when all is. A heartbeat from before this start says nothing.
func (h health) missing(began time.Time, wantProcessor, wantTriggerer bool) error {
	type part struct {
		name      string
		wanted    bool
		status    string
		heartbeat time.Time
	}
	for _, p := range []part{
		{"the database", true, h.Database.Status, began},
		{"the scheduler", true, h.Scheduler.Status, h.Scheduler.Heartbeat},
		{"the DAG processor", wantProcessor, h.DAGProcessor.Status, h.DAGProcessor.Heartbeat},
		{"the triggerer", wantTriggerer, h.Triggerer.Status, h.Triggerer.Heartbeat},
	} {
		if p.wanted && (p.status != healthy || p.heartbeat.Before(began)) {
			return fmt.Errorf("%s has not reported yet", p.name)
		}
	}
	return nil
}

// readiness returns a check whether the server answers as Airflow and its components have reported since began.
func (a *Airflow) readiness(began time.Time) func(context.Context) error {
	prefix, healthPath := a.URL+"/api/v2", "/monitor/health"
	if isAirflow2(a.Version) {
		prefix, healthPath = a.URL+"/api/v1", "/health"
	}
	// The environment's proxy has no business between this process and its child.
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	return func(ctx context.Context) error {
		var version struct {
			Version string `json:"version"`
		}
		if err := getJSON(ctx, client, prefix+"/version", &version); err != nil {
			return errors.Join(err, a.gunicornGaveUp())
		}
		if version.Version == "" {
			return fmt.Errorf("%s is not Airflow", a.URL)
		}
		var h health
		if err := getJSON(ctx, client, prefix+healthPath, &h); err != nil {
			return err
		}
		return h.missing(began, !isAirflow2(a.Version), a.options.Triggerer)
	}
}

// gunicornGaveUp is the death of the web server of Airflow 2 when its gunicorn could not get the port: Airflow waits two minutes more
// for a gunicorn that has ended. It is nil as long as there is hope.
func (a *Airflow) gunicornGaveUp() error {
	if !isAirflow2(a.Version) {
		return nil
	}
	death := &ComponentError{Name: webServerName, Log: a.logFile(webServerName), Err: errors.New("gunicorn gave up")}
	death.Tail = tail(death.Log)
	if strings.Contains(death.Tail, "Can't connect to") && lostPort(death) {
		return death
	}
	return nil
}

func getJSON(ctx context.Context, client *http.Client, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", address, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("GET %s: %w", address, err)
	}
	return nil
}
