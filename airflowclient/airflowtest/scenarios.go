package airflowtest

import "time"

// NamedScenario is a scenario as people choose one: `chrononctl demo --simulated --scenario NAME`.
type NamedScenario struct {
	Name  string
	About string        // one line, for help texts
	Past  time.Duration // how long ago it begins, so that its runs have come to something
	Fill  Scenario
}

// Scenarios are the fleets to look at, by what is special about them.
func Scenarios() []NamedScenario {
	const few, past = 120, 42 * time.Minute
	return []NamedScenario{
		{"healthy", "five teams that all do well", past, Healthy(few)},
		{"team-down", "no job of the team risk can be submitted", past, OneTeamDown(few)},
		{"midnight-burst", "all daily runs have just begun", 2 * time.Minute, MidnightBurst(400)},
		{"large", "3,000 DAGs that do well", past, Fleet(3000)},
		{"scheduler-dead", "the scheduler stopped five minutes ago", past, SchedulerDead(few, past-5*time.Minute)},
		{"streams-flapping", "the streams of the team payments come and go", past, StreamingFlapping(few)},
	}
}

// ScenarioNamed finds a scenario by its name.
func ScenarioNamed(name string) (NamedScenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return NamedScenario{}, false
}
