package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/fleet"
	"chrononctl/internal/query"
)

// symptom is one finding of doctor: what was looked at, how it is, and how to mend it.
type symptom struct {
	check  string
	state  symptomState
	detail string
	hint   string
	code   ExitCode // of a failure
}

// symptomState is how bad a finding is.
type symptomState string

// The states of a finding, worst last.
const (
	symptomFine    symptomState = "ok"
	symptomSkipped symptomState = "skipped" // there is nothing to look at, or what comes before it failed
	symptomWarning symptomState = "warning"
	symptomFailure symptomState = "failed"
)

func (s symptomState) health() fleet.Health {
	switch s {
	case symptomFine:
		return fleet.OK
	case symptomSkipped:
		return fleet.Skipped
	case symptomWarning:
		return fleet.Breach
	case symptomFailure:
		return fleet.Failed
	default:
		return fleet.Unknown
	}
}

func newDoctorCmd(a *app) *cobra.Command {
	var flags viewFlags
	var targetName string
	v := symptomView()
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, Airflow and deploy target, and say how to mend what is wrong",
		Long: "Looks at the contexts, the project file and the deploy target, reaches the Airflow and signs in, compares versions and clocks, and looks at\n" +
			"Airflow's scheduler, triggerer and DAG processor, at import errors, at what our DAG files cost to parse, and at pools. It changes nothing.\n\n" +
			"It exits with 0 when nothing failed, 10 when it was not let in, 12 when the server is away, 64 when no Airflow is named, and 2 for anything else\n" +
			"that failed. On a pipe a line is: check, state, detail, how to mend it.",
		Example: "  chrononctl doctor\n  chrononctl doctor --context prod -o json --query state:failed",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var code ExitCode
			err := show(cmd.Context(), a, v, flags, func(ctx context.Context) ([]symptom, []string, error) {
				all := a.examine(ctx, targetName)
				code = worstCode(all)
				return all, nil, ctx.Err()
			})
			if err == nil && code != ExitDone {
				err = exit(code, nil)
			}
			return err
		},
	}
	addView(a, cmd, v, &flags)
	cmd.Flags().StringVar(&targetName, "target", "", "deploy target of chrononctl.yaml (default: the only one)")
	return cmd
}

// worstCode is the code of the first failure, since what comes later depends on it.
func worstCode(all []symptom) ExitCode {
	for _, s := range all {
		if s.state == symptomFailure {
			return s.code
		}
	}
	return ExitDone
}

// symptomJSON is a finding of doctor. Its keys are a promise.
type symptomJSON struct {
	Check  string       `json:"check"`
	State  symptomState `json:"state"`
	Detail string       `json:"detail"`
	Hint   string       `json:"hint"`
}

func symptomView() view[symptom] {
	states := []string{string(symptomFine), string(symptomSkipped), string(symptomWarning), string(symptomFailure)}
	return view[symptom]{
		columns: []column[symptom]{
			{title: "CHECK", text: func(s symptom) string { return s.check }},
			{title: "STATE", text: func(s symptom) string { return string(s.state) }, shown: func(a *app, s symptom) string {
				return a.mark(s.state.health(), string(s.state))
			}},
			{title: "DETAIL", text: func(s symptom) string { return s.detail }, moves: true},
			{title: "TO MEND IT", text: func(s symptom) string { return s.hint }},
		},
		fields: []query.Field[symptom]{
			query.Text("check", "what was looked at", func(s symptom) string { return s.check }),
			query.Word("state", "how it is", states, func(s symptom) string { return string(s.state) }),
		},
		name:   func(s symptom) string { return s.check },
		object: func(s symptom) any { return symptomJSON{s.check, s.state, s.detail, s.hint} },
		none:   "Nothing that meets this.",
	}
}

// examination collects findings.
type examination struct{ found []symptom }

func (e *examination) add(check string, state symptomState, detail, hint string) {
	e.found = append(e.found, symptom{check, state, detail, hint, ExitDifferent})
}

// failed notes an error with its next step and its code.
func (e *examination) failed(check string, err error) {
	code := exitCode(err)
	if code == ExitFailed {
		code = ExitDifferent
	}
	e.found = append(e.found, symptom{check, symptomFailure, err.Error(), hintOf(err), code})
}

// examine looks at everything, in the order in which one thing depends on another.
func (a *app) examine(ctx context.Context, targetName string) []symptom {
	var e examination
	repo, hasRepo := a.examineProject(&e)
	if hasRepo {
		a.examineTarget(ctx, &e, repo, targetName)
	}
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		e.failed("context", err)
		return e.found
	}
	detail := fmt.Sprintf("%s, from %s, credentials: %s", chosen.Label(), chosen.Source, credentialsOf(chosen))
	if chosen.ReadOnly {
		detail += ", read-only"
	}
	e.add("context", symptomFine, detail, "")
	if chosen.Insecure {
		e.add("certificate", symptomWarning, "any certificate is trusted: whoever sits in between can read and change everything", "set ca_file and remove insecure")
	}
	a.examineAirflow(ctx, &e, client)
	return e.found
}

// examineProject looks at the Chronon repository, if there is one here.
func (a *app) examineProject(e *examination) (repository, bool) {
	repo, err := a.repository()
	if missing, isMissing := errors.AsType[noRepoError](err); isMissing && a.repoDir == "" {
		e.add("repository", symptomSkipped, missing.Error(), "only generating and deploying need one; "+missing.Hint())
		return repo, false
	}
	if err != nil {
		e.failed("repository", err)
		return repo, false
	}
	detail := repo.Root
	if repo.Project.Version == 0 {
		detail += ", without a project file"
	}
	e.add("repository", symptomFine, detail, "")
	return repo, true
}

// examineTarget looks at what the deploy target remembers.
func (a *app) examineTarget(ctx context.Context, e *examination, repo repository, name string) {
	if len(repo.Project.Targets) == 0 {
		missing := targetError{}
		e.add("target", symptomSkipped, missing.Error(), missing.Hint())
		return
	}
	if name == "" && len(repo.Project.Targets) > 1 {
		many := targetError{known: targetNames(repo)}
		e.add("target", symptomSkipped, many.Error(), many.Hint())
		return
	}
	opts := deployOptions{target: name}
	opts.dryRun, opts.engine.NoVerify = true, true
	engine, err := a.deployEngine(ctx, repo, opts)
	if err != nil {
		e.failed("target", err)
		return
	}
	history, err := engine.History(ctx)
	switch {
	case err != nil:
		e.failed("target", err)
	case history.Unfinished != nil:
		e.add("target", symptomWarning, history.Target+": "+history.Unfinished.String(), "the next deploy finishes it, or `chrononctl rollback`")
	case history.LockedBy != nil:
		e.add("target", symptomWarning, history.Target+" is locked by "+history.LockedBy.String(), "ask them, or wait until they are done")
	case history.Live == "":
		e.add("target", symptomWarning, history.Target+": nothing is deployed there", "chrononctl deploy")
	case !history.Verified:
		e.add("target", symptomWarning, history.Target+": "+history.Live+" was never seen live on Airflow", "chrononctl deploy verifies it")
	default:
		e.add("target", symptomFine, history.Target+": "+history.Live, "")
	}
}

func targetNames(repo repository) []string {
	var names []string
	for name := range repo.Project.Targets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// examineAirflow looks at the server: whether it is there and lets us in, then at its parts.
func (a *app) examineAirflow(ctx context.Context, e *examination, client *airflowclient.Client) {
	began := time.Now()
	server, err := client.Server(ctx)
	if err != nil {
		e.failed("server", err)
		return
	}
	took := time.Since(began)
	state, hint := symptomFine, ""
	if took > slowAnswer {
		state, hint = symptomWarning, "look at the load of the web server, and at what stands before it"
	}
	e.add("server", state, fmt.Sprintf("%s answered in %s", client.Address(), took.Round(time.Millisecond)), hint)
	e.examineVersion(server)
	e.examineClock(client, a.Now())
	dags, err := client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"chronon"}})
	if err != nil {
		e.failed("sign-in", err)
		return
	}
	e.add("sign-in", symptomFine, "may list DAGs", "")
	e.examineParts(ctx, client, a.Now())
	e.examineDAGs(ctx, client, dags, a.Now())
	e.examinePools(ctx, client)
	meter := client.Requests()
	e.add("requests", symptomFine, fmt.Sprintf("%d requests for this, %d repeated, %d kB read", meter.Requests, meter.Retries, meter.Received/1024), "")
	for _, w := range client.Warnings() {
		e.add("answers", symptomWarning, w, "what could not be read is left out; report it with the version of Airflow")
	}
}

// Limits of what is called fine.
const (
	slowAnswer   = 3 * time.Second
	clockLimit   = 30 * time.Second // Date headers are whole seconds, and answers take their time
	silentLimit  = 2 * time.Minute  // without a heartbeat; Airflow itself gives up after half a minute
	parseLimit   = 5 * time.Second  // for one file; Airflow gives up after 30 s, or 50 s for all
	parsedWithin = 15 * time.Minute
)

func (e *examination) examineVersion(server airflowclient.Server) {
	var missing []string
	for _, one := range []struct {
		has  bool
		what string
	}{
		{server.Capabilities.Backfills, "backfills of its own: they are made of day runs"},
		{server.Capabilities.Reparse, "parsing on demand: deploys wait for the DAG processor"},
		{server.Capabilities.Tries, "earlier tries of tasks"},
	} {
		if !one.has {
			missing = append(missing, one.what)
		}
	}
	detail := fmt.Sprintf("Airflow %s, API v%d", server.Version, server.API)
	if len(missing) > 0 {
		detail += "; it lacks " + strings.Join(missing, "; ")
	}
	e.add("version", symptomFine, detail, "")
}

func (e *examination) examineClock(client *airflowclient.Client, now time.Time) {
	theirs, ok := client.ServerTime()
	side := "ahead of"
	if theirs.Before(now) {
		side = "behind"
	}
	switch skew := now.Sub(theirs).Abs(); {
	case !ok:
		e.add("clock", symptomSkipped, "the server does not tell its time", "")
	case skew > clockLimit:
		e.add("clock", symptomWarning, fmt.Sprintf("the server's clock is %s %s ours: ages, lateness and questions as age>6h go by its", skew.Round(time.Second), side),
			"set both clocks by NTP")
	default:
		e.add("clock", symptomFine, "within "+clockLimit.String()+" of the server's", "")
	}
}

// examineParts looks at the scheduler, the triggerer, the DAG processor and the database.
func (e *examination) examineParts(ctx context.Context, client *airflowclient.Client, now time.Time) {
	health, err := client.Health(ctx)
	if err != nil {
		e.failed("health", err)
		return
	}
	if server, ok := client.ServerTime(); ok {
		now = server // heartbeats are by its clock
	}
	for _, part := range health.Components {
		detail := part.Status
		if !part.Heartbeat.IsZero() {
			detail += ", last heartbeat " + stamp(part.Heartbeat)
		}
		silent := !part.Heartbeat.IsZero() && now.Sub(part.Heartbeat) > silentLimit
		switch {
		case part.Status == "":
			e.add(part.Name, symptomSkipped, "Airflow has none running, or does not tell", "")
		case part.Status != "healthy":
			e.add(part.Name, symptomFailure, detail, partHint(part.Name))
		case silent:
			e.add(part.Name, symptomWarning, detail, partHint(part.Name))
		default:
			e.add(part.Name, symptomFine, detail, "")
		}
	}
}

func partHint(name string) string {
	switch name {
	case "scheduler":
		return "start the scheduler: without it no task begins"
	case "dag_processor":
		return "start the DAG processor: without it no deploy is seen"
	case "triggerer":
		return "start the triggerer: without it deferred sensors wait for ever"
	case "metadatabase":
		return "look at Airflow's database"
	default:
		return "look at its log"
	}
}

// examineDAGs looks at our DAGs: whether there are any, whether their files import, when they were parsed, and what that took.
func (e *examination) examineDAGs(ctx context.Context, client *airflowclient.Client, dags []airflowclient.DAG, now time.Time) {
	if len(dags) == 0 {
		e.add("DAGs", symptomWarning, "no DAG of this Airflow has the tag chronon", "chrononctl deploy puts them there; or this user may not see them")
		return
	}
	files := make(map[string]airflowclient.DAG)
	oldest, slowest, total := dags[0], dags[0], time.Duration(0)
	for _, d := range dags {
		if d.LastParsed.Before(oldest.LastParsed) {
			oldest = d
		}
		if d.ParseTook > slowest.ParseTook {
			slowest = d
		}
		if _, seen := files[d.FileLoc]; !seen {
			total += d.ParseTook
		}
		files[d.FileLoc] = d
	}
	e.add("DAGs", symptomFine, fmt.Sprintf("%s in %s", counted(len(dags), "DAG"), counted(len(files), "file")), "")
	switch age := now.Sub(oldest.LastParsed); {
	case oldest.LastParsed.IsZero():
		e.add("parsing", symptomSkipped, "Airflow does not tell when files were parsed", "")
	case age > parsedWithin:
		e.add("parsing", symptomWarning, fmt.Sprintf("%s was parsed %s ago", oldest.FileLoc, age.Round(time.Minute)),
			"the DAG processor does not keep up: give it more processes (parsing_processes), or fewer and cheaper files (docs/layouts.md)")
	default:
		e.add("parsing", symptomFine, "every file was parsed within "+parsedWithin.String(), "")
	}
	switch {
	case slowest.ParseTook == 0:
		e.add("parse cost", symptomSkipped, "this Airflow does not tell what files cost", "Airflow 3.1 and later does")
	case slowest.ParseTook > parseLimit:
		e.add("parse cost", symptomWarning, fmt.Sprintf("%s takes %s", slowest.FileLoc, slowest.ParseTook.Round(time.Millisecond)), "split the team's DAGs over more files: docs/layouts.md has the figures")
	default:
		e.add("parse cost", symptomFine, fmt.Sprintf("%s for all files, %s for the slowest", total.Round(time.Millisecond), slowest.ParseTook.Round(time.Millisecond)), "")
	}
	e.examineImports(ctx, client)
}

func (e *examination) examineImports(ctx context.Context, client *airflowclient.Client) {
	broken, err := client.ImportErrors(ctx)
	switch {
	case err != nil:
		e.failed("import errors", err)
	case len(broken) == 0:
		e.add("import errors", symptomFine, "every file imports", "")
	default:
		for _, b := range broken {
			lines := strings.Split(strings.TrimSpace(b.Trace), "\n")
			e.add("import errors", symptomWarning, b.File+": "+strings.TrimSpace(lines[len(lines)-1]), "mend the file, or remove it from the DAG folder; `chrononctl drift` knows ours")
		}
	}
}

// examinePools looks for pools in which tasks wait because no slot is free.
func (e *examination) examinePools(ctx context.Context, client *airflowclient.Client) {
	pools, err := client.Pools(ctx)
	if airflowclient.IsPermission(err) {
		e.add("pools", symptomSkipped, "this user may not see the pools", "")
		return
	}
	if err != nil {
		e.failed("pools", err)
		return
	}
	full := false
	for _, p := range pools {
		if waiting := p.Queued + p.Scheduled; p.Slots >= 0 && p.Open <= 0 && waiting > 0 {
			full = true
			e.add("pools", symptomWarning, fmt.Sprintf("%s is full: %d of %d slots taken, %d tasks wait", p.Name, p.Occupied, p.Slots, waiting), "give the pool more slots, or the tasks another pool")
		}
	}
	if !full {
		e.add("pools", symptomFine, fmt.Sprintf("%s, none is full with tasks waiting", counted(len(pools), "pool")), "")
	}
}
