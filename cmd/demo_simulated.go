package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/demo/simulated"
	"chrononctl/internal/fleet"
	"chrononctl/tui"
)

// runSimulated is the demo on an Airflow that is played: no Python, and ready within a second.
func runSimulated(ctx context.Context, a *app, o demoOptions, say func(string)) (err error) {
	if _, ok := airflowtest.ScenarioNamed(o.scenario); o.scenario != "" && !ok {
		return usage(fmt.Errorf("--scenario %q: must be one of %s", o.scenario, strings.Join(scenarioNames(), ", ")))
	}
	say("this Airflow is simulated: no Python, no Spark; it answers as a real " + o.airflow + " was seen to answer")
	d, err := simulated.Start(ctx, simulated.Options{
		Airflow: o.airflow, Days: o.days, Scenario: o.scenario, Generator: "chrononctl " + version, Now: a.Now, Progress: say,
	})
	if err != nil {
		return err
	}
	defer func() {
		say("ending the simulated Airflow")
		err = errors.Join(err, d.Stop())
	}()
	if d.Result != nil {
		say(fmt.Sprintf("%d DAGs deployed and verified on the simulated Airflow %s at %s", d.Result.Verified(), d.Version, d.URL))
		say(fmt.Sprintf("in another terminal: export CHRONONCTL_CONFIG=%s; cd %s; chrononctl status", d.ContextFile(), d.Repo))
	} else {
		say(fmt.Sprintf("scenario %s on the simulated Airflow %s at %s", o.scenario, d.Version, d.URL))
		say(fmt.Sprintf("in another terminal: export CHRONONCTL_CONFIG=%s; chrononctl status", d.ContextFile()))
	}
	if a.Streams.CanPrompt() {
		a.repoDir = d.Repo // its deploy screen shows the sample
		return openConsole(ctx, a, d.Context(), d.Client, consoleOptions{interval: tui.DefaultInterval, passing: true})
	}
	observer := fleet.NewObserver(d.Client, fleet.Options{Context: d.Context().Name, URL: d.URL, Now: a.Now})
	if err := a.showStatus(ctx, observer, statusOptions{tasks: o.scenario == "", viewFlags: viewFlags{output: outputFlag{value: formatTable}}}, nil); err != nil {
		return err
	}
	o.stay(ctx, say)
	return nil
}

// scenarioNames are what --scenario takes.
func scenarioNames() []string {
	var names []string
	for _, s := range airflowtest.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

// checkSimulated refuses flags that do not go together.
func (o demoOptions) checkSimulated() error {
	switch {
	case !o.simulated && o.scenario != "":
		return usage(errors.New("--scenario needs --simulated: a real Airflow plays no scenarios"))
	case o.simulated && o.port != 0:
		return usage(errors.New("--port does not go with --simulated, which takes a free one"))
	}
	return nil
}
