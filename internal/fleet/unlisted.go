package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
)

// How the DAGs are asked for one by one that a release has and Airflow does not list. A user who sees a small part of a large fleet has thousands of them, and
// no request tells of several.
const (
	askedPerLook = 50               // more are asked for with the next pictures
	askedAtATime = 4                // in flight
	mostAsked    = 200              // of more it is not known whether they are missing or hidden
	askAgain     = 15 * time.Minute // an answer is as good for so long
)

// nobodysDAG is a name that no Airflow has a DAG of. Who is refused it learns nothing from being refused another: Airflow asks for the permission before it
// looks whether there is such a DAG (requires_access_dag of 2.x and 3.x), and a user with permissions for single DAGs has none for the others.
const nobodysDAG = "chrononctl_asks_for_a_dag_that_nobody_has"

// answer is what Airflow says when it is asked for a DAG that it does not list.
type answer uint8

// The answers.
const (
	answerNone    answer = iota // it was not asked, or did not answer
	answerGone                  // it has no such DAG
	answerStale                 // it knows it from before, and finds it in no file
	answerRefused               // it would refuse a DAG that nobody has as well: missing or hidden
	answerHidden                // it has one, and the user may not read it
	answerThere                 // it has one by now: the list is older
	answerForeign               // it has one without our tag
)

// unlistedCache is what was answered.
type unlistedCache struct {
	answers map[string]answered
}

type answered struct {
	answer answer
	at     time.Time
}

// readUnlisted asks for wanted DAGs that are not listed, and takes over what was answered before.
func (o *Observer) readUnlisted(ctx context.Context, obs *observation) {
	unlisted := obs.unlisted()
	now := o.opts.Now()
	o.mu.Lock()
	known := maps.Clone(o.unlisted.answers)
	o.mu.Unlock()
	maps.DeleteFunc(known, func(id string, a answered) bool {
		_, still := slices.BinarySearch(unlisted, id)
		return !still || now.Sub(a.at) >= askAgain
	})
	if known == nil {
		known = make(map[string]answered)
	}
	ask := filter(unlisted, func(id string) bool { _, ok := known[id]; return !ok })
	ask = ask[:max(min(len(ask), mostAsked-len(known)), 0)]
	obs.more = obs.more || len(ask) > askedPerLook
	ask = ask[:min(len(ask), askedPerLook)]
	for id, a := range o.ask(ctx, ask) {
		known[id] = answered{a, now}
	}
	obs.answers = make(map[string]answer, len(known))
	for id, a := range known {
		obs.answers[id] = a.answer
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unlisted.answers = known
}

// unlisted are the ids, in order, of the DAGs that a release has and the list has not.
func (o observation) unlisted() []string {
	there := make(map[string]bool, len(o.dags))
	for _, d := range o.dags {
		there[d.ID] = true
	}
	var ids []string
	for want := range o.intent.wantedOf(o.teams) {
		if _, isReleased := o.intent.released[want.ID]; isReleased && !there[want.ID] {
			ids = append(ids, want.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// ask asks for DAGs one by one. Where one is refused it asks for one that nobody has, which tells what the refusal is worth.
func (o *Observer) ask(ctx context.Context, ids []string) map[string]answer {
	var (
		group   parallel.Group
		mu      sync.Mutex
		answers = make(map[string]answer, len(ids))
	)
	group.SetLimit(askedAtATime)
	for _, id := range ids {
		group.Go(func() error {
			details, err := o.client.Details(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			answers[id] = answerOf(details, err)
			return nil
		})
	}
	_ = group.Wait() // every error has become an answer
	if slices.Contains(slices.Collect(maps.Values(answers)), answerRefused) {
		if _, err := o.client.Details(ctx, nobodysDAG); airflowclient.IsNotFound(err) {
			for id, a := range answers {
				if a == answerRefused {
					answers[id] = answerHidden
				}
			}
		}
	}
	return answers
}

func answerOf(details airflowclient.DAGDetails, err error) answer {
	switch {
	case airflowclient.IsNotFound(err):
		return answerGone
	case airflowclient.IsPermission(err):
		return answerRefused
	case err != nil:
		return answerNone
	case details.Stale:
		return answerStale
	case !slices.Contains(details.Tags, tagOurs):
		return answerForeign
	default:
		return answerThere
	}
}

// missing is a wanted DAG that Airflow does not list.
func (o observation) missing(want *dagspec.DAG) Deviation {
	dev := Deviation{Kind: DAGMissing, Health: Failed, DAGID: want.ID, Of: want.Kind, Team: want.Team}
	has, isReleased := o.intent.released[want.ID]
	isItsFile := func(e airflowclient.ImportError) bool { return has.file != "" && sameFile(e.File, has.file) }
	isNew := o.at.Sub(has.release.Created) < settling
	switch {
	case !isReleased:
		dev.Health, dev.Reason = Waiting, "the definitions have it, and no release on this Airflow does: it is not deployed"
	case slices.ContainsFunc(o.broken, isItsFile):
		dev.Broken, dev.Reason = has.file, fmt.Sprintf("its file %s does not import", has.file)
	case isNew && (o.answers[want.ID] == answerGone || o.answers[want.ID] == answerNone):
		dev.Health, dev.Reason = Waiting, fmt.Sprintf("release %s has it, and is so new that Airflow may not have parsed it", has.release.ID)
	default:
		o.answers[want.ID].tell(&dev, has)
	}
	return dev
}

// tell puts into a deviation what the answer means. Only a DAG that was asked for is called missing or hidden.
func (a answer) tell(dev *Deviation, has released) {
	switch a {
	case answerGone:
		dev.Reason = fmt.Sprintf("release %s has it in %s, and Airflow has it not: its file is gone", has.release.ID, has.file)
	case answerStale:
		dev.Kind, dev.Reason = DAGStale, fmt.Sprintf("release %s has it in %s; Airflow knows it, and finds it in no file any more", has.release.ID, has.file)
	case answerForeign:
		dev.Kind = DAGForeign
		dev.Reason = fmt.Sprintf("what Airflow has of that name is not the one of release %s: it has no tag %s, so another file has a DAG of the same name", has.release.ID, tagOurs)
	case answerThere:
		dev.Health, dev.Reason = Waiting, "Airflow has it by now, and the list of DAGs that was read is older"
	case answerHidden:
		dev.Kind, dev.Health = DAGHidden, Unknown
		dev.Reason = fmt.Sprintf("release %s has it, and the user of this context may not read it", has.release.ID)
	case answerRefused:
		dev.Kind, dev.Health, dev.Refused = DAGUnseen, Unknown, true
		dev.Reason = fmt.Sprintf("release %s has it, and Airflow refuses it to the user of this context, as it would a DAG that it has not: it is missing or hidden", has.release.ID)
	case answerNone:
		dev.Kind, dev.Health = DAGUnseen, Unknown
		dev.Reason = fmt.Sprintf("release %s has it and Airflow does not list it; nobody has asked yet whether it is missing or hidden", has.release.ID)
	}
}
