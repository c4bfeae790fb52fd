package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A target and an Airflow are chosen apart, and nothing but the DAGs that an Airflow shows tells that it is the one which reads this target. With another one nobody could see what a
// deploy did, and the one that does read the target would run it unseen. So it is a risk, found before anything is written:
//
//   - the marker names a release that was never deployed to this target, or
//   - the live release was seen live, and this Airflow shows none of its DAGs, not even as one whose file is gone, or
//   - it was seen live at another address, and this Airflow shows no marker.
//
// The address alone says little: one Airflow has many, and a tunnel has any.
//
// A first deploy to an Airflow without a marker is neither, and so is an Airflow that has not found yet what was deployed without a look at it.
func (e *Engine) elsewhere(ctx context.Context, a *assessment) error {
	plan := a.plan
	if plan.Airflow == "" {
		return nil
	}
	if release := plan.seen.release(); release != "" {
		ours, err := e.everDeployed(ctx, &plan.memory, release)
		if err == nil && !ours {
			a.add(RiskAirflow, "", 0, "this Airflow shows release %s, which was never deployed to %s%s", release, plan.Target, e.seenAt(&plan.memory))
		}
		return err
	}
	live := plan.memory.live()
	if !plan.memory.ledger.Verified || len(live.DAGs) == 0 {
		return nil
	}
	for id := range live.DAGs {
		if _, shown := plan.seen.dags[id]; !shown {
			continue
		}
		if at := e.seenAt(&plan.memory); at != "" && live.Marker != nil && e.opts.Marker != "" && plan.seen.marker.ID == "" {
			a.add(RiskAirflow, "", 0, "this Airflow shows DAGs of release %s, and not %s, which tells the release%s", live.ID, live.Marker.DAG, at)
		}
		return nil
	}
	a.add(RiskAirflow, "", 0, "this Airflow shows no DAG of release %s, which was seen live: it is another one than reads %s, or a new one%s",
		live.ID, plan.Target, e.seenAt(&plan.memory))
	return nil
}

// seenAt is where a release was seen live last, to be said behind what is wrong; empty where that is here, or was not told.
func (e *Engine) seenAt(was *memory) string {
	if was.ledger.SeenAt == "" || e.opts.Address == "" || was.ledger.SeenAt == e.opts.Address {
		return ""
	}
	return fmt.Sprintf("; a release was seen live last at %s, and this is %s", was.ledger.SeenAt, e.opts.Address)
}

// nameTheAirflow is the next step of whoever looks at another Airflow than reads the target.
const nameTheAirflow = "name the Airflow that reads this target with --context, or the target that this Airflow reads with --target"

// elsewhere is why the Airflow seems to be another one than reads the target; empty: nothing says so.
func (p *Plan) elsewhere() string {
	at := slices.IndexFunc(p.Risks, func(r Risk) bool { return r.Name == RiskAirflow })
	if at < 0 {
		return ""
	}
	return p.Risks[at].What
}

// everDeployed says whether a release is one of this target's, those that are no longer kept included: the audit knows them all.
func (e *Engine) everDeployed(ctx context.Context, was *memory, release string) (bool, error) {
	if _, kept := was.manifests[release]; kept {
		return true, nil
	}
	entries, err := readAudit(ctx, e.opts.Target.State(), was.ledger.Audit)
	if _, tampered := errors.AsType[*AuditError](err); err != nil && !tampered {
		return false, err
	}
	return slices.ContainsFunc(entries, func(entry AuditEntry) bool { return entry.Release == release || entry.Live == release }), nil
}
