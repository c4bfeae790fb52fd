package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// settling is how old a release must be before what Airflow does not show of it counts as missing: files have to reach it and to be parsed.
const settling = 15 * time.Minute

// deviationsOf compares the DAGs with what the releases and the definitions want.
func deviationsOf(o observation, dags []DAG) []Deviation {
	if !o.intent.Known() {
		return nil
	}
	var found []Deviation
	there := make(map[string]bool, len(dags))
	for i := range dags {
		d := &dags[i]
		there[d.ID] = true
		if deviation, ok := o.deviationOf(d); ok {
			found = append(found, deviation)
		}
	}
	for want := range o.intent.wantedOf(o.teams) {
		if !there[want.ID] {
			found = append(found, o.missing(want))
		}
	}
	slices.SortFunc(found, func(a, b Deviation) int {
		return cmp.Or(int(b.Health)-int(a.Health), cmp.Compare(a.Kind, b.Kind), strings.Compare(a.DAGID, b.DAGID))
	})
	return found
}

// deviationOf compares one DAG that Airflow has. A DAG without a content hash was not made by chrononctl, whatever its name: nothing is said of it.
func (o observation) deviationOf(d *DAG) (Deviation, bool) {
	dev := Deviation{DAGID: d.ID, Of: d.Kind, Team: d.Team}
	has, isReleased := o.intent.released[d.ID]
	_, isDefined := o.intent.DAG(d.ID)
	switch {
	case !isReleased && !isDefined:
		if d.Hash == "" || !o.intent.complete {
			return dev, false
		}
		dev.Kind, dev.Health, dev.Reason = DAGOrphaned, Unknown, "chrononctl made it, and no release nor definition has it: its file was left behind"
		return dev, true
	case d.Stale:
		dev.Kind, dev.Health, dev.Reason = DAGStale, Failed, "Airflow does not find it in a file any more"
		return dev, true
	case o.isForeign(d):
		dev.Kind, dev.Health = DAGForeign, Failed
		dev.Reason = fmt.Sprintf("what Airflow has of that name is not the one of release %s: chrononctl did not make it, so another file has a DAG of the same name", has.release.ID)
		return dev, true
	case isReleased && d.Hash != has.hash:
		dev.Kind, dev.Health = DAGOutdated, Unknown
		dev.Reason = fmt.Sprintf("Airflow has the content %s, release %s has %s", d.Hash, has.release.ID, has.hash)
		if o.at.Sub(has.release.Created) < settling {
			dev.Health = Waiting
		}
		return dev, true
	case d.Paused:
		dev.Kind, dev.Health, dev.Reason = DAGIdle, Paused, "it is wanted, and paused"
		return dev, true
	}
	return dev, false
}

// isForeign says whether a release has a DAG of this name, and Airflow has one that chrononctl did not make: of two files with the same DAG, Airflow
// keeps either.
func (o observation) isForeign(d *DAG) bool {
	_, isReleased := o.intent.released[d.ID]
	return isReleased && d.Hash == ""
}

// missing is a wanted DAG that Airflow does not list.
func (o observation) missing(want *dagspec.DAG) Deviation {
	dev := Deviation{Kind: DAGMissing, Health: Failed, DAGID: want.ID, Of: want.Kind, Team: want.Team}
	has, isReleased := o.intent.released[want.ID]
	isItsFile := func(e airflowclient.ImportError) bool { return has.file != "" && sameFile(e.File, has.file) }
	switch {
	case !isReleased:
		dev.Health, dev.Reason = Waiting, "the definitions have it, and no release on this Airflow does: it is not deployed"
	case slices.ContainsFunc(o.broken, isItsFile):
		dev.Reason = fmt.Sprintf("its file %s does not import", has.file)
	case o.stale[want.ID]:
		dev.Kind, dev.Reason = DAGStale, fmt.Sprintf("release %s has it in %s; Airflow knows it, and finds it in no file any more", has.release.ID, has.file)
	case o.denied[want.ID]:
		dev.Kind, dev.Health = DAGHidden, Unknown
		dev.Reason = fmt.Sprintf("release %s has it, and the user of this context may not read it", has.release.ID)
	case len(o.denied) > 0:
		dev.Kind, dev.Health = DAGHidden, Unknown
		dev.Reason = fmt.Sprintf("release %s has it, Airflow does not list it, and the user of this context may not read all DAGs", has.release.ID)
	case o.at.Sub(has.release.Created) < settling:
		dev.Health, dev.Reason = Waiting, fmt.Sprintf("release %s has it, and is so new that Airflow may not have parsed it", has.release.ID)
	default:
		dev.Reason = fmt.Sprintf("release %s has it in %s, and Airflow does not list it: its file is gone, or you may not see it", has.release.ID, has.file)
	}
	return dev
}

// readStale asks which of the wanted DAGs that are not listed Airflow knows from before, and which the user may not read: of a few of them, and once.
func (o *Observer) readStale(ctx context.Context, obs *observation) {
	there := make(map[string]bool, len(obs.dags))
	for _, d := range obs.dags {
		there[d.ID] = true
	}
	var gone []string
	for want := range obs.intent.wantedOf(obs.teams) {
		if _, isReleased := obs.intent.released[want.ID]; isReleased && !there[want.ID] && len(gone) < mostStale {
			gone = append(gone, want.ID)
		}
	}
	o.mu.Lock()
	isKnown := slices.Equal(gone, o.intent.asked)
	obs.stale, obs.denied = o.intent.stale, o.intent.denied
	o.mu.Unlock()
	if isKnown {
		return
	}
	stale, denied := make(map[string]bool, len(gone)), make(map[string]bool)
	for _, id := range gone {
		details, err := o.client.Details(ctx, id)
		stale[id] = err == nil && details.Stale // any other error is only about how the reason is worded
		if airflowclient.IsPermission(err) {
			denied[id] = true
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.intent.asked, o.intent.stale, obs.stale = gone, stale, stale
	o.intent.denied, obs.denied = denied, denied
}

// mostStale is how many DAGs that are not listed are asked for one by one.
const mostStale = 5
