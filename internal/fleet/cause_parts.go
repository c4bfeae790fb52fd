package fleet

import (
	"path"
	"slices"
	"strings"
)

// explainServer explains what is wrong with Airflow itself, with files, and with the reading of it.
func (e *explainer) explainServer() {
	for _, part := range e.s.Server.Parts {
		attach([]*Cause{e.airflow(part.Name)}, Effect{Health: e.s.Server.Health, MapIndex: -1, Part: part.String()})
	}
	for _, b := range e.s.Broken {
		if b.Ours {
			attach([]*Cause{e.broken(b)}, Effect{Health: Failed, MapIndex: -1, File: b.File, Since: b.At})
		}
	}
	for _, p := range e.s.Problems {
		attach([]*Cause{e.unread(p)}, Effect{Health: Unknown, MapIndex: -1, Part: p.Text})
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
		if b.Ours && sameFile(b.File, dev.Broken) {
			return e.broken(b)
		}
	}
	switch dev.Kind {
	case DAGStale:
		if e.processorStopped() {
			return e.airflow(componentDAGProcessor)
		}
		return e.stale(dev.DAGID, dev.Team)
	case DAGMissing, DAGHidden, DAGUnseen:
		return e.notListed(dev.DAGID)
	case DAGOutdated, DAGOrphaned, DAGIdle, DAGForeign:
	}
	return e.cause(CauseOutdated, dev.Kind.String()+" "+e.print(dev.Reason), func(c *Cause) {
		c.Title, c.Team, c.Owner = dev.DAGID+" "+dev.Kind.String()+": "+dev.Reason, dev.Team, e.lineage.owner(dev.DAGID)
		c.Known = "the hash in the description of the DAG, and the index of the releases"
		c.Ends, c.Command = "deploy what is wanted, and see what differs before", "chrononctl drift"
	})
}

// redactedTrace begins what Airflow shows in place of a trace to who may not read all DAGs of the file (importErrors of 2.x and 3.x). It is the same for
// all files, and they do not have one cause for that.
const redactedTrace = "REDACTED - "

// broken is the error that a file does not import for. Files that stop at the same line of the same error have one cause.
func (e *explainer) broken(b BrokenFile) *Cause {
	said := lastLine(b.Trace)
	if strings.HasPrefix(said, redactedTrace) {
		return e.cause(CauseImport, "unread "+b.File, func(c *Cause) {
			c.Title = b.File + " does not import, and the user of this context may not read why"
			c.Known = "Airflow's import error, whose trace it keeps from who may not read all DAGs of the file"
			c.Ends, c.Command = "somebody who may read them looks at the import error", ""
		})
	}
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
	if dev := e.deviations[dag]; dev != nil && dev.Kind == DAGForeign {
		return dev
	}
	return nil
}

// explainDAG explains what is wrong with a DAG beyond its runs.
func (e *explainer) explainDAG(d *DAG) {
	effect := Effect{Health: Failed, Team: d.Team, DAGID: d.ID, MapIndex: -1}
	switch {
	case d.Broken:
		attach([]*Cause{e.brokenDAG(d)}, effect)
	case d.Stale && e.processorStopped():
		effect.Health = Unknown
		attach([]*Cause{e.airflow(componentDAGProcessor)}, effect)
	case d.Stale:
		effect.Health = Unknown
		attach([]*Cause{e.stale(d.ID, d.Team)}, effect)
	case e.foreign(d.ID) != nil: // its deviation says so
	case d.Health == Unknown && !slices.ContainsFunc(e.stands[d.ID], func(r *Run) bool { return r.Health == Unknown }):
		effect.Health = Unknown
		attach([]*Cause{e.unread(e.problemOfRuns())}, effect)
	}
}

// processorStopped says whether no change of a DAG file is seen: then a DAG that is in no file any more may be in one all the same.
func (e *explainer) processorStopped() bool {
	_, stopped := e.s.component(componentDAGProcessor)
	return stopped
}

// problemOfRuns is why the runs of a DAG could not be read.
func (e *explainer) problemOfRuns() Problem {
	if p, ok := e.s.problemOf(SectionRuns); ok {
		return p
	}
	if p, ok := e.s.problemOf(SectionTasks); ok {
		return p
	}
	return Problem{Section: SectionRuns, Text: "its runs could not be read"}
}
