package airflowtest

// routeOperations is the part of both APIs that looks deeper than a list, and that changes things. The endpoints are in the files of
// their subjects.
func (a *Airflow) routeOperations(api string) {
	a.routeInstances(api)
	a.handle("GET "+api+"/dags/{dag}/details", a.readDetails)
	a.handle("DELETE "+api+"/dags/{dag}", a.removeDAG)
	a.handle("GET "+api+"/dagWarnings", a.listWarnings)
	a.handle("POST "+api+"/pools", a.makePool)
	a.handle("GET "+api+"/pools/{pool}", a.readPool)
	a.handle("PATCH "+api+"/pools/{pool}", a.patchPool)
	a.handle("DELETE "+api+"/pools/{pool}", a.deletePool)
	a.handle("GET "+api+"/variables", a.listVariables)
	a.handle("POST "+api+"/variables", a.makeVariable)
	a.handle("GET "+api+"/variables/{key}", a.readVariable)
	a.handle("PATCH "+api+"/variables/{key}", a.patchVariable)
	a.handle("DELETE "+api+"/variables/{key}", a.deleteVariable)
	a.handle("GET "+api+"/plugins", a.listPlugins)
	a.handle("GET "+api+"/providers", a.listProviders)
	a.handle("GET "+api+"/config/section/{section}/option/{option}", a.readSetting)
	if a.isV2 {
		a.routeOperationsV2(api)
		return
	}
	a.handle("PATCH "+api+"/dags/{dag}/dagRuns/{run}/setNote", a.noteRunV1)
	a.handle("POST "+api+"/dags/{dag}/updateTaskInstancesState", a.markTasksV1)
	a.handle("GET "+api+"/datasets", a.listAssets)
	a.handle("GET "+api+"/datasets/events", a.listAssetEvents)
}

func (a *Airflow) routeOperationsV2(api string) {
	a.handle("POST "+api+"/dags/{dag}/dagRuns/{run}/clear", a.clearRunV2)
	a.handle("GET "+api+"/backfills", a.listBackfills)
	a.handle("POST "+api+"/backfills", a.makeBackfill)
	a.handle("POST "+api+"/backfills/dry_run", a.tryBackfill)
	a.handle("GET "+api+"/backfills/{id}", a.readBackfill)
	a.handle("PUT "+api+"/backfills/{id}/{verb}", a.steerBackfill)
	a.handle("GET "+api+"/assets", a.listAssets)
	a.handle("GET "+api+"/assets/events", a.listAssetEvents)
	a.handle("GET "+api+"/jobs", a.listJobs)
}

// routeInstances is what lies below a task of a run. Some of it has a map index in front; a pattern for each would overlap with that of
// the logs, so the word behind the index is looked at here.
func (a *Airflow) routeInstances(api string) {
	const task = "/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
	a.handle("GET "+api+task, a.readInstance)
	a.handle("GET "+api+task+"/xcomEntries", a.listXComs)
	a.handle("GET "+api+task+"/{word}", a.aboutInstance)
	a.handle("GET "+api+task+"/{map}/{word}", a.aboutInstance)
	a.handle("PATCH "+api+task, a.patchInstance)
	a.handle("PATCH "+api+task+"/{word}", a.patchInstance)
	a.handle("PATCH "+api+task+"/{map}/{word}", a.patchInstance)
}
