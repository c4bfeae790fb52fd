package fleet

import "slices"

// Health is the worst of the whole picture: of Airflow itself, of every team, of our files that do not import, of DAGs that a release has and
// Airflow has not, and of what could not be read. An orphan or a DAG with an older content does not make it worse.
func (s Snapshot) Health() Health {
	worst := s.Server.Health
	for _, t := range s.Teams {
		worst = Worst(worst, t.Health())
	}
	for _, b := range s.Broken {
		if b.Ours {
			worst = Worst(worst, Failed)
		}
	}
	for _, dev := range s.Deviations {
		if dev.Health == Failed {
			worst = Worst(worst, Failed)
		}
	}
	if len(s.Problems) > 0 {
		worst = Worst(worst, Unknown)
	}
	return worst
}

// Missing are those of the teams that the picture does not have.
func (s Snapshot) Missing(teams ...string) []string {
	return filter(teams, func(name string) bool {
		return !slices.ContainsFunc(s.Teams, func(t Team) bool { return t.Name == name })
	})
}

func filter[T any](all []T, keep func(T) bool) []T {
	var out []T
	for _, v := range all {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}

// Standing are the runs of a DAG that still say something, newest first: of each day the newest run; of a streaming DAG the newest tick that ended
// and what is under way.
func (d DAG) Standing() []Run {
	var runs []Run
	for r := range standing(&d) {
		runs = append(runs, *r)
	}
	return runs
}
