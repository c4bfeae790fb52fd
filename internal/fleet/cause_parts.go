package fleet

import (
	"path"
	"slices"
	"strings"
)

// explainServer explains what is wrong with Airflow itself, with files, and with the reading of it.
func (e *explainer) explainServer() {
	for _, part := range e.s.Server.Parts {
		attach([]*Cause{e.airflow(part)}, Effect{Health: e.s.Server.Health, MapIndex: -1, Part: part})
	}
	for _, b := range e.s.Broken {
		if b.Ours {
			attach([]*Cause{e.broken(b)}, Effect{Health: Failed, MapIndex: -1, File: b.File, Since: b.At})
		}
	}
	for _, p := range e.s.Problems {
		attach([]*Cause{e.unread(p)}, Effect{Health: Unknown, MapIndex: -1, Part: p})
	}
	for _, dev := range e.s.Deviations {
		if dev.Health >= Unknown {
			attach([]*Cause{e.deviation(dev)}, Effect{Health: dev.Health, Team: dev.Team, DAGID: dev.DAGID, MapIndex: -1})
		}
	}
}

// deviation is why a DAG is not as it is wanted. What is said of several DAGs in the same words, but for ids, has one cause.
func (e *explainer) deviation(dev Deviation) *Cause {
	for _, b := range e.s.Broken {
		if b.Ours && strings.HasSuffix(dev.Reason, "does not import") && strings.Contains(dev.Reason, path.Base(b.File)) {
			return e.broken(b)
		}
	}
	switch dev.Kind {
	case DAGStale:
		if stopped := e.processorStopped(); stopped != "" {
			return e.airflow(stopped)
		}
		return e.stale(dev.DAGID, dev.Team)
	case DAGMissing:
		return e.missing(dev.DAGID)
	case DAGHidden:
		return e.hidden()
	case DAGOutdated, DAGOrphaned, DAGIdle, DAGForeign:
	}
	return e.cause(CauseOutdated, dev.Kind.String()+" "+e.print(dev.Reason), func(c *Cause) {
		c.Title, c.Team, c.Owner = dev.DAGID+" "+dev.Kind.String()+": "+dev.Reason, dev.Team, e.lineage.owner(dev.DAGID)
		c.Known = "the hash in the description of the DAG, and the index of the releases"
		c.Ends, c.Command = "deploy what is wanted, and see what differs before", "chrononctl drift"
	})
}

// broken is the error that a file does not import for. Files that stop at the same line of the same error have one cause.
func (e *explainer) broken(b BrokenFile) *Cause {
	said := lastLine(b.Trace)
	return e.cause(CauseImport, e.print(said), func(c *Cause) {
		c.Title = b.File + " does not import: " + said
		c.Known = "the trace of Airflow's import error"
		c.Ends, c.Command = "mend what it names and deploy, or go back to the release before", "chrononctl rollback"
	})
}

// brokenDAG is the file that a DAG comes from and that does not import: the one that its release names. Where no release tells, files are named after
// kind and team, or after the DAG.
func (e *explainer) brokenDAG(d *DAG) *Cause {
	file := e.s.Intent.file(d.ID)
	for _, b := range e.s.Broken {
		name := path.Base(b.File)
		if file == "" && b.Ours && (name == string(d.Kind)+"_"+d.Team+".py" || name == d.ID+".py") || sameFile(b.File, file) {
			return e.broken(b)
		}
	}
	if ours := filter(e.s.Broken, func(b BrokenFile) bool { return b.Ours }); len(ours) == 1 {
		return e.broken(ours[0])
	}
	return e.cause(CauseImport, "file of "+d.ID, func(c *Cause) {
		c.Title, c.Team, c.Owner = "the file of "+d.ID+" does not import", d.Team, e.lineage.owner(d.ID)
		c.Known = "Airflow says so of the DAG"
		c.Ends, c.Command = "read the import errors; mend the file and deploy, or go back to the release before", "chrononctl rollback"
	})
}

// foreign is the deviation of a DAG that took the name of one of a release; nil: it is none.
func (e *explainer) foreign(dag string) *Deviation {
	for i := range e.s.Deviations {
		if dev := &e.s.Deviations[i]; dev.Kind == DAGForeign && dev.DAGID == dag {
			return dev
		}
	}
	return nil
}

// explainDAG explains what is wrong with a DAG beyond its runs.
func (e *explainer) explainDAG(d *DAG) {
	effect := Effect{Health: Failed, Team: d.Team, DAGID: d.ID, MapIndex: -1}
	switch {
	case d.Broken:
		attach([]*Cause{e.brokenDAG(d)}, effect)
	case d.Stale && e.processorStopped() != "":
		effect.Health = Unknown
		attach([]*Cause{e.airflow(e.processorStopped())}, effect)
	case d.Stale:
		effect.Health = Unknown
		attach([]*Cause{e.stale(d.ID, d.Team)}, effect)
	case e.foreign(d.ID) != nil: // its deviation says so
	case d.Health == Unknown && !slices.ContainsFunc(e.stands[d.ID], func(r *Run) bool { return r.Health == Unknown }):
		effect.Health = Unknown
		attach([]*Cause{e.unread(e.problemOfRuns())}, effect)
	}
}

func (e *explainer) processorStopped() string {
	for _, part := range e.s.Server.Parts {
		if strings.HasPrefix(part, "dag_processor:") {
			return part
		}
	}
	return ""
}

// problemOfTasks is the sentence about tasks that could not be read; empty when all could.
func (e *explainer) problemOfTasks() string {
	for _, p := range e.s.Problems {
		if strings.HasPrefix(p, "the tasks of ") {
			return p
		}
	}
	return ""
}

// problemOfRuns is the sentence about the runs that could not be read.
func (e *explainer) problemOfRuns() string {
	for _, p := range e.s.Problems {
		if strings.Contains(p, "runs") {
			return p
		}
	}
	return "its runs could not be read"
}
