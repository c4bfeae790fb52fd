package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// cause is the cause with that id, made when it is looked for first.
func (e *explainer) cause(kind CauseKind, id string, fill func(*Cause)) *Cause {
	full := kind.String() + ":" + id
	c := e.byID[full]
	if c == nil {
		c = &Cause{ID: full, Kind: kind}
		fill(c)
		e.byID[full] = c
	}
	return c
}

// partition is one that is not there.
func (e *explainer) partition(name string) *Cause {
	return e.cause(CausePartition, name, func(c *Cause) { c.Title = name + " is not there" })
}

// outside is a partition that no conf here writes.
func (e *explainer) outside(name, table string) *Cause {
	return e.cause(CausePartition, name, func(c *Cause) {
		c.Title = name + " is not there"
		c.Known = "no conf that is known here writes " + table + "; the sensors that look for it do not see it"
		c.Ends = "it lands; ask whoever writes " + table
	})
}

// unnamedPartition is what a sensor waits for that no definition names. Sensors for the same partition spec have the same id, in all DAGs.
func (e *explainer) unnamedPartition(t Task, r Run) *Cause {
	return e.cause(CausePartition, t.ID+" "+dayOf(r), func(c *Cause) {
		c.Title = "what " + t.ID + " waits for is not there for " + dayOf(r)
		c.Known = "the sensors of that name do not see it; which partition it is only the definitions tell"
		c.Ends = "it lands"
	})
}

// notListed is why a DAG that is defined is not in the list of DAGs: it is not on the server, or not for the eyes of the user.
func (e *explainer) notListed(dag string) *Cause {
	dev := e.deviations[dag]
	if dev != nil && dev.isUnseen() {
		return e.unseen(*dev)
	}
	return e.cause(CauseMissing, dag, func(c *Cause) {
		c.Title, c.Owner = dag+" is not on this Airflow", e.lineage.owner(dag)
		d, _ := e.s.Intent.DAG(dag)
		c.Team = d.Team
		c.Known = "the definitions have it and the list of DAGs does not"
		c.Ends, c.Command = "deploy it, or get permission to see it", "chrononctl deploy"
		if dev != nil && dev.Reason != "" {
			c.Known = dev.Reason
		}
	})
}

// unseen is why DAGs cannot be seen, whichever they are: the user may not read them all, or they were too many to ask for.
func (e *explainer) unseen(dev Deviation) *Cause {
	refused := func(d Deviation) bool { return d.Refused || d.Kind == DAGHidden }
	if !refused(dev) && !slices.ContainsFunc(e.s.Deviations, refused) {
		return e.cause(CauseUnread, "DAGs", func(c *Cause) {
			c.Title = "some DAGs that were released are not listed, and were not asked for"
			c.Known = "the index of the releases, and the list of DAGs"
			c.Ends = "a later look asks for them; where they are too many, the permission of the user to read all DAGs would tell"
		})
	}
	return e.cause(CausePermission, "DAGs", func(c *Cause) {
		c.Title = "the user of this context may not read all DAGs that were released"
		c.Known = "the index of the releases, the list of DAGs, and Airflow's refusal"
		c.Ends = "whoever runs this Airflow lets the user read them; it then says which of them it has"
	})
}

// stale is a DAG that Airflow finds in no file any more.
func (e *explainer) stale(dag, team string) *Cause {
	return e.cause(CauseMissing, dag, func(c *Cause) {
		c.Title, c.Team, c.Owner = "Airflow does not find "+dag+" in a file any more", team, e.lineage.owner(dag)
		c.Known = "Airflow calls the DAG stale"
		c.Ends, c.Command = "deploy it again, if it is still wanted", "chrononctl deploy"
	})
}

// paused is a DAG that is switched off, and that something waits for.
func (e *explainer) paused(d *DAG) *Cause {
	return e.cause(CausePaused, d.ID, func(c *Cause) {
		c.Title, c.Team, c.Owner = d.ID+" is paused", d.Team, e.lineage.owner(d.ID)
		c.Known = "Airflow says that it is paused, and others wait for what it makes"
		c.Ends, c.Command = "unpause it", "chrononctl unpause "+d.ID
	})
}

// noRun is why a DAG has no run for a day, where something waits for it.
func (e *explainer) noRun(d *DAG, day string) *Cause {
	switch {
	case d.Broken:
		return e.brokenDAG(d)
	case d.Paused:
		return e.paused(d)
	case d.Stale:
		return e.stale(d.ID, d.Team)
	}
	next := ""
	if !d.NextRun.IsZero() {
		next = d.NextRun.UTC().Format(time.DateOnly)
	}
	if e.stopped && (next == "" || next <= day) {
		return e.airflow(componentScheduler)
	}
	return e.cause(CauseNoRun, d.ID+" "+day, func(c *Cause) {
		c.Title, c.Team, c.Owner = d.ID+" has no run for "+day, d.Team, e.lineage.owner(d.ID)
		c.Known = "the picture has no run of it for that day"
		c.Ends, c.Command = "run the day", "chrononctl trigger "+d.ID+" --ds "+day
		if next != "" && next <= day {
			c.Title = d.ID + " has no run for " + day + " yet"
			c.Known = "Airflow makes its next run for " + next
			c.Ends, c.Command = "its run comes by schedule", ""
		}
	})
}

// atWork is a task that is at work, or about to be.
func (e *explainer) atWork(d *DAG, r *Run, task string, since time.Time) *Cause {
	name := strings.TrimSpace(d.ID + " " + task)
	return e.cause(CauseAtWork, name+" "+dayOf(*r), func(c *Cause) {
		c.Health, c.Since, c.Usual = Waiting, since, e.usual(TaskRef{d.ID, task}, r.Day)
		c.Title, c.Team, c.Owner = name+" is at work on "+dayOf(*r), d.Team, e.lineage.owner(d.ID)
		c.Known = "its run is under way and nothing in it failed"
		c.Ends = "it ends by itself"
	})
}

// airflow is a component of Airflow that is not healthy, in Airflow's words.
func (e *explainer) airflow(name string) *Cause {
	return e.cause(CauseAirflow, name, func(c *Cause) {
		part, _ := e.s.component(name)
		c.Title = "Airflow's " + strings.ReplaceAll(name, "_", " ") + " is " + part.Status
		c.Known = "Airflow's own health report says so"
		switch name {
		case componentScheduler:
			c.Ends, c.Command = "start the scheduler on its machine, and read why it stopped", "airflow scheduler"
		case componentDAGProcessor:
			c.Ends, c.Command = "start the DAG processor on its machine; until then no change of a DAG file is seen", "airflow dag-processor"
		case componentTriggerer:
			c.Ends, c.Command = "start the triggerer on its machine; until then deferred tasks do not go on", "airflow triggerer"
		default:
			c.Ends = "whoever runs this Airflow has to look at its " + strings.ReplaceAll(name, "_", " ")
		}
	})
}

// pool is a pool without a free slot.
func (e *explainer) pool(p PoolUse) *Cause {
	return e.cause(CausePool, p.Name, func(c *Cause) {
		c.Title = fmt.Sprintf("pool %s is full: all of its %d slots are taken", p.Name, p.Slots)
		c.Known = plural(p.Scheduled, "task") + " in Airflow's list of pools wait for a slot of it"
		c.Ends, c.Command = "its tasks end, or it gets more slots", fmt.Sprintf("airflow pools set %s %d 'more slots'", p.Name, 2*max(p.Slots, 1))
	})
}

// worker is that nobody takes up tasks which have a slot.
func (e *explainer) worker() *Cause {
	return e.cause(CauseWorker, "queue", func(c *Cause) {
		c.Title = "no worker takes up queued tasks"
		c.Known = "they were queued more than " + longQueue.String()[:1] + " minutes ago, and none has begun"
		c.Ends = "workers come back, or get free; whoever runs this Airflow has to look at its executor"
	})
}

// ownTask is a task that is its own cause.
func (e *explainer) ownTask(d *DAG, r *Run, t Task, known string) *Cause {
	return e.cause(CauseTask, d.ID+" "+t.ID, func(c *Cause) {
		c.Title, c.Team, c.Owner, c.Known = fmt.Sprintf("%s %s %s", d.ID, t.ID, wordsOf(t)), d.Team, e.lineage.owner(d.ID), known
		c.Ends, c.Command = "read its log; when what it met is mended, clear it", "chrononctl clear "+d.ID+" "+r.ID+" "+t.ID
	})
}

// wordsOf says how a task is, behind its name: "failed", "is up for retry".
func wordsOf(t Task) string {
	if t.State == stateFailed {
		return t.Word()
	}
	return "is " + t.Word()
}

// ownRun is a run that failed, and of which no task says why.
func (e *explainer) ownRun(d *DAG, r *Run) *Cause {
	return e.cause(CauseTask, d.ID+" "+r.ID, func(c *Cause) {
		c.Title, c.Team, c.Owner = fmt.Sprintf("%s: the run for %s is %s", d.ID, dayOf(*r), runWords(*r)), d.Team, e.lineage.owner(d.ID)
		c.Known = "none of its tasks says why"
		if r.Tasks == nil {
			c.Known = "its tasks were not read"
		}
		c.Ends, c.Command = "look at its tasks; clear what failed", "chrononctl clear "+d.ID+" "+r.ID+" --only-failed"
	})
}

// unread is a part of the picture, or of what was asked beyond it, that could not be read.
func (e *explainer) unread(problem Problem) *Cause {
	kind, ends := CauseUnread, "it can be read again"
	if problem.Denied {
		kind, ends = CausePermission, "whoever runs this Airflow lets the user of this context read it"
	}
	return e.cause(kind, e.print(problem.Text), func(c *Cause) {
		c.Title, c.Known, c.Ends = problem.Text, "Airflow's answer", ends
	})
}

// print is the fingerprint of a message.
func (e *explainer) print(message string) string {
	known, ok := e.prints[message]
	if !ok {
		known = fingerprint(message)
		e.prints[message] = known
	}
	return known
}

// finish names what a cause turned out to explain: one error is that of a conf, or one that several share.
func (e *explainer) finish(c *Cause) {
	if c.Kind != CauseError {
		return
	}
	confs, tasks := make(map[string]bool), make(map[TaskRef]bool)
	var first Effect
	for _, effect := range c.Explains {
		if effect.TaskID != "" && e.isRoot(c, effect) {
			first = effect
			confs[cmp.Or(effect.Conf, effect.DAGID+" "+effect.TaskID)] = true
			tasks[TaskRef{effect.DAGID, effect.TaskID}] = true
		}
	}
	if len(confs) != 1 {
		c.Team, c.Owner = sole(c.Teams()), ""
		if len(confs) > 1 {
			c.Known = fmt.Sprintf("%s, in %s of %s", c.Known, plural(len(tasks), "task"), plural(len(confs), "conf"))
		}
		return
	}
	c.Kind = CauseTask
	c.Title = cmp.Or(first.Conf, first.DAGID+" "+first.TaskID) + ": " + c.Title
}

// isRoot says whether the effect is where the cause was met, and not what came of it.
func (e *explainer) isRoot(c *Cause, effect Effect) bool {
	words, said := e.details.Words[InstanceRef{effect.DAGID, effect.RunID, effect.TaskID, effect.MapIndex}]
	return said && c.ID == CauseError.String()+":"+e.errorID(words) && !dagspec.IsSensor(effect.TaskID)
}

// sole is the one name of a list, and empty for none or several.
func sole(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return ""
}
