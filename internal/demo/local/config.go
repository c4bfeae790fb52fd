package local

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are Airflow's, "section.option" to value.
type settings map[string]string

// settings says how this instance differs from Airflow's defaults.
func (a *Airflow) settings() settings {
	s := a.commonSettings()
	if isAirflow2(a.Version) {
		maps.Copy(s, a.settings2())
		if a.Version == OldestAirflow2 { // the FAB provider did not exist yet
			s["api.auth_backends"] = "airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session"
		}
	} else {
		maps.Copy(s, a.settings3())
	}
	maps.Copy(s, a.options.Config)
	return s
}

// commonSettings are those that both versions know by one name. A machine of two cores runs all of it, so pools are small; a
// person watches, so what happens is seen within seconds.
func (a *Airflow) commonSettings() settings {
	return settings{
		"core.dags_folder":                           a.DAGs,
		"core.executor":                              "LocalExecutor",
		"core.parallelism":                           strconv.Itoa(a.options.Parallelism),
		"core.load_examples":                         "False",
		"core.fernet_key":                            a.secrets.Fernet,
		"core.hostname_callable":                     "chrononctl_host.loopback",
		"core.min_serialized_dag_update_interval":    "0",
		"database.sql_alchemy_conn":                  a.database.url(),
		"database.load_default_connections":          "False",
		"logging.base_log_folder":                    filepath.Join(a.Dir, "logs"),
		"logging.worker_log_server_port":             strconv.Itoa(a.ports.logs),
		"scheduler.scheduler_idle_sleep_time":        "0.5",
		"scheduler.max_dagruns_to_create_per_loop":   "50",
		"scheduler.max_dagruns_per_loop_to_schedule": "100",
		"usage_data_collection.enabled":              "False",
	}
}

// unchanged is after how many seconds a file is parsed again that has not changed. One that has changed is parsed as soon as the folder is listed, whatever
// this says (file_parsing_sort_mode: modified_time); to parse the others all the time would cost a core.
const unchanged = "60"

// settings3 are those of Airflow 3.
func (a *Airflow) settings3() settings {
	return settings{
		"api.host":                                          loopback,
		"api.port":                                          strconv.Itoa(a.ports.web),
		"api.base_url":                                      a.URL,
		"api.workers":                                       "1",
		"api.secret_key":                                    a.secrets.Signing,
		"api_auth.jwt_secret":                               a.secrets.JWT,
		"core.execution_api_server_url":                     a.URL + "/execution/",
		"core.simple_auth_manager_all_admins":               "True",
		"dag_processor.refresh_interval":                    seconds(a.options.Refresh),
		"dag_processor.bundle_refresh_check_interval":       "1",
		"dag_processor.min_file_process_interval":           unchanged,
		"logging.dag_processor_child_process_log_directory": filepath.Join(a.Dir, "logs", "dag_processor"),
	}
}

// settings2 are those of Airflow 2.
func (a *Airflow) settings2() settings {
	return settings{
		"api.auth_backends":                          "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth,airflow.api.auth.backend.session",
		"core.min_serialized_dag_fetch_interval":     "1",
		"scheduler.min_file_process_interval":        unchanged,
		"scheduler.dag_dir_list_interval":            seconds(a.options.Refresh),
		"scheduler.child_process_log_directory":      filepath.Join(a.Dir, "logs", "scheduler"),
		"logging.dag_processor_manager_log_location": filepath.Join(a.Dir, "logs", "dag_processor_manager.log"),
		"webserver.web_server_host":                  loopback,
		"webserver.web_server_port":                  strconv.Itoa(a.ports.web),
		"webserver.base_url":                         a.URL,
		"webserver.workers":                          "1",
		"webserver.secret_key":                       a.secrets.Signing,
	}
}

// seconds writes a duration as Airflow's integer settings want it; they know no fractions.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(d.Round(time.Second).Seconds())))
}

// ini renders the settings as an airflow.cfg, in which a percent sign begins a reference.
func (s settings) ini() string {
	sections := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		section, option, _ := strings.Cut(key, ".")
		sections[section] = append(sections[section], option+" = "+strings.ReplaceAll(s[key], "%", "%%"))
	}
	var b strings.Builder
	b.WriteString("# Written anew at each start of this instance. For Airflow's own command line set AIRFLOW_HOME to this folder.\n")
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(&b, "\n[%s]\n%s\n", section, strings.Join(sections[section], "\n"))
	}
	return b.String()
}

// baseEnviron is the environment of every program: the caller's, without what would lead Python or Airflow astray.
func (a *Airflow) baseEnviron() []string {
	environ := slices.DeleteFunc(slices.Clone(a.options.Store.Environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return strings.HasPrefix(name, "AIRFLOW_") || strings.HasPrefix(name, "_AIRFLOW_") || slices.Contains(stray, name)
	})
	return append(environ, "PATH="+filepath.Join(a.env.Dir, "bin")+string(filepath.ListSeparator)+a.lookup("PATH"))
}

// stray are variables that would point Python elsewhere, keep it from caching what it compiles (each component would compile all
// of Airflow again), or point a PostgreSQL program at another server.
var stray = []string{"PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "VIRTUAL_ENV",
	"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA", "PGOPTIONS", "PGSERVICE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"}

// environ is the environment of Airflow's programs, and so of tasks.
func (a *Airflow) environ() []string {
	environ := append(a.baseEnviron(),
		"AIRFLOW_HOME="+a.Dir,
		"AIRFLOW_CONFIG="+filepath.Join(a.Dir, "airflow.cfg"),
		// A proxy must not be asked for what is on this machine.
		"NO_PROXY="+withLoopback(a.lookup("NO_PROXY")), "no_proxy="+withLoopback(a.lookup("no_proxy")),
		// macOS aborts a process that forks after certain system libraries were used, which Airflow does.
		"OBJC_DISABLE_INITIALIZE_FORK_SAFETY=YES")
	for _, name := range slices.Sorted(maps.Keys(a.options.Env)) {
		environ = append(environ, name+"="+a.options.Env[name])
	}
	return environ
}

func withLoopback(hosts string) string {
	return strings.TrimPrefix(hosts+","+loopback+",localhost", ",")
}

// lookup reads a variable of the caller's environment; the last one counts.
func (a *Airflow) lookup(name string) string {
	value := ""
	for _, entry := range a.options.Store.Environ {
		if v, found := strings.CutPrefix(entry, name+"="); found {
			value = v
		}
	}
	return value
}
