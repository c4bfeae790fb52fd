package airflowclient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// Plugin is a plugin that Airflow has loaded.
type Plugin struct {
	Name   string
	Source string // file or distribution
}

// Provider is an installed provider package.
type Provider struct {
	Package string // "apache-airflow-providers-standard"
	Version string
}

// Job is a process of Airflow that has told the database of itself: a scheduler, a DAG processor, a triggerer. Type and state are verbatim.
type Job struct {
	ID        int64
	Type      string // "SchedulerJob"
	State     string
	Hostname  string
	Start     time.Time
	End       time.Time
	Heartbeat time.Time
}

type setupOperations interface {
	plugins(ctx context.Context) ([]Plugin, error)
	providers(ctx context.Context) ([]Provider, error)
	setting(ctx context.Context, section, option string) (string, error)
	jobs(ctx context.Context) ([]Job, error)
}

const (
	opPlugins   = "list plugins"
	opProviders = "list providers"
	opSetting   = "read setting"
	opJobs      = "list jobs"
)

// Plugins lists the plugins by name.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	list, err := with(ctx, c, func(d dialect) ([]Plugin, error) { return d.plugins(ctx) })
	slices.SortFunc(list, func(a, b Plugin) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Source, b.Source))
	})
	return list, err
}

// Providers lists the installed providers by package.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	list, err := with(ctx, c, func(d dialect) ([]Provider, error) { return d.providers(ctx) })
	slices.SortFunc(list, func(a, b Provider) int { return strings.Compare(a.Package, b.Package) })
	return list, err
}

// Setting reads one option of airflow.cfg as the web server has it. Most Airflows keep it to themselves ([webserver] or [api]
// expose_config), which is an error of kind [KindPermission]; sensitive values come as "< hidden >".
func (c *Client) Setting(ctx context.Context, section, option string) (string, error) {
	return with(ctx, c, func(d dialect) (string, error) { return d.setting(ctx, section, option) })
}

// Jobs lists the processes of Airflow that the server knows, alive or not, newest heartbeat first. It needs [Capabilities.Jobs];
// [Client.Health] is the short answer everywhere.
func (c *Client) Jobs(ctx context.Context) ([]Job, error) {
	list, err := with(ctx, c, func(d dialect) ([]Job, error) { return d.jobs(ctx) })
	slices.SortFunc(list, func(a, b Job) int { return cmp.Or(b.Heartbeat.Compare(a.Heartbeat), cmp.Compare(b.ID, a.ID)) })
	return list, err
}

type wirePlugin struct {
	Name   string `json:"name"`
	Source string `json:"source"`
}

func (w wirePlugin) model() (Plugin, bool) { return Plugin(w), w.Name != "" }

func pluginKey(p Plugin) Plugin { return p }

type wireProvider struct {
	Package string `json:"package_name"`
	Version string `json:"version"`
}

func (w wireProvider) model() (Provider, bool) { return Provider(w), w.Package != "" }

func providerKey(p Provider) string { return p.Package }

type wireJob struct {
	ID        int64  `json:"id"`
	Type      string `json:"job_type"`
	State     string `json:"state"`
	Hostname  string `json:"hostname"`
	Start     moment `json:"start_date"`
	End       moment `json:"end_date"`
	Heartbeat moment `json:"latest_heartbeat"`
}

func (w wireJob) model() (Job, bool) {
	return Job{
		ID: w.ID, Type: w.Type, State: w.State, Hostname: w.Hostname, Start: w.Start.Time, End: w.End.Time, Heartbeat: w.Heartbeat.Time,
	}, w.ID != 0
}

// setting has the same form in both APIs.
func (d rest) setting(ctx context.Context, section, option string) (string, error) {
	if !d.can.Settings {
		return "", d.lacks(opSetting, "way to read one setting", "Airflow 2.7", "look into its airflow.cfg")
	}
	got, err := d.get(ctx, opSetting, escaped("config", "section", section, "option", option), nil)
	if err != nil {
		return "", err
	}
	var answer struct {
		Sections []struct {
			Options []struct {
				Value string `json:"value"`
			} `json:"options"`
		} `json:"sections"`
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		return "", unreadable(opSetting, got, err)
	}
	if len(answer.Sections) == 0 || len(answer.Sections[0].Options) == 0 {
		return "", unreadable(opSetting, got, errors.New("it holds no setting"))
	}
	return answer.Sections[0].Options[0].Value, nil
}
