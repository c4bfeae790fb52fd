package cmd

import (
	"fmt"
	"net/url"
	"os/exec"
	"runtime"
	"strings"

	"chrononctl/tui"
)

// pageOf is the address of Airflow's own page of something: Airflow 3 has a path for each object (/dags/D/runs/R/tasks/T), Airflow 2 one page a DAG
// whose parameters choose (/dags/D/grid?dag_run_id=R&task_id=T).
func pageOf(base string, r tui.Reference) string {
	base = strings.TrimRight(base, "/")
	if r.DAGID == "" {
		return base + "/"
	}
	if strings.HasPrefix(r.Version, "2.") {
		q := url.Values{}
		for name, value := range map[string]string{"dag_run_id": r.RunID, "task_id": r.TaskID} {
			if value != "" {
				q.Set(name, value)
			}
		}
		if r.TaskID != "" {
			q.Set("tab", "logs")
		}
		return strings.TrimSuffix(base+"/dags/"+url.PathEscape(r.DAGID)+"/grid?"+q.Encode(), "?")
	}
	page := base + "/dags/" + url.PathEscape(r.DAGID)
	if r.RunID != "" {
		page += "/runs/" + url.PathEscape(r.RunID)
	}
	if r.RunID != "" && r.TaskID != "" {
		page += "/tasks/" + url.PathEscape(r.TaskID)
		if r.MapIndex >= 0 {
			page += fmt.Sprintf("/mapped/%d", r.MapIndex)
		}
	}
	return page
}

// openPage opens addresses in the reader's browser; nil where there is none to be expected: in a session over ssh, or without a desktop.
func (a *app) openPage() func(address string) error {
	program := map[string]string{"darwin": "open", "linux": "xdg-open"}[runtime.GOOS]
	remote := a.Getenv("SSH_CONNECTION") != ""
	desktop := a.Getenv("DISPLAY") != "" || a.Getenv("WAYLAND_DISPLAY") != "" || runtime.GOOS == "darwin"
	if program == "" || remote || !desktop {
		return nil
	}
	return func(address string) error {
		open := exec.Command(program, address) //nolint:noctx // it outlives the console
		if err := open.Start(); err != nil {
			return err
		}
		go func() { _ = open.Wait() }() // its end is of no interest, and it must not stay a zombie
		return nil
	}
}
