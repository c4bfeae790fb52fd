package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
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
