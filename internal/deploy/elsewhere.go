package deploy

import (
	"context"
	"errors"
	"slices"
)

// A target and an Airflow are chosen apart, and nothing but the DAGs that an Airflow shows tells that it is the one which reads this target. With another one nobody could see what a
// deploy did, and the one that does read the target would run it unseen. So it is a risk, found before anything is written:
//
//   - the marker names a release that was never deployed to this target, or
//   - the live release was seen live, and this Airflow shows none of its DAGs, not even as one whose file is gone.
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
			a.add(RiskAirflow, "", 0, "this Airflow shows release %s, which was never deployed to %s", release, plan.Target)
		}
		return err
	}
	live := plan.memory.live()
	if !plan.memory.ledger.Verified || len(live.DAGs) == 0 {
		return nil
	}
	for id := range live.DAGs {
		if _, shown := plan.seen.dags[id]; shown {
			return nil
		}
	}
	a.add(RiskAirflow, "", 0, "this Airflow shows no DAG of release %s, which was seen live: it is another one than reads %s, or a new one", live.ID, plan.Target)
	return nil
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
