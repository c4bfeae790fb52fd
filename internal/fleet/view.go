package fleet

import (
	"maps"
	"slices"
)

// Health is the worst of the whole picture: of Airflow itself, of every team, of our files that do not import, and of what could not be read.
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
	if len(s.Problems) > 0 {
		worst = Worst(worst, Unknown)
	}
	return worst
}

// Only is the part of the picture that belongs to the teams; without any it is the whole. Airflow itself, files that do not import and problems
// may concern every team, and stay. unknown are the teams that the picture does not have.
func (s Snapshot) Only(teams ...string) (part Snapshot, unknown []string) {
	if len(teams) == 0 {
		return s, nil
	}
	wanted := make(map[string]bool, len(teams))
	for _, t := range teams {
		wanted[t] = true
	}
	part = s
	part.Teams = filter(s.Teams, func(t Team) bool { return wanted[t.Name] })
	part.DAGs = filter(s.DAGs, func(d DAG) bool { return wanted[d.Team] })
	part.Streams = filter(s.Streams, func(st Stream) bool { return wanted[st.Team] })
	part.Joins = filter(s.Joins, func(c Comparison) bool { return wanted[c.Team] })
	for _, t := range s.Teams {
		delete(wanted, t.Name)
	}
	return part, slices.Sorted(maps.Keys(wanted))
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
func (d DAG) Standing() []Run { return standing(d) }
