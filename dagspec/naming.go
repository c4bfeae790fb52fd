package dagspec

import "maps"

// docsNaming holds the ids of Chronon's orchestration page (docs/source/setup/Orchestration.md), and ids in their style where it has none.
var docsNaming = Naming{
	KindStagingQuery:   "chronon_staging_query_{team}",
	KindBatch:          "chronon_batch_dag_{team}",
	KindStreaming:      "chronon_streaming_dag_{team}",
	KindJoin:           "chronon_join_{join}",
	KindComparison:     "chronon_online_offline_comparison_{join}",
	KindLabelJoin:      "chronon_label_join_{join}",
	KindLogFlattening:  "chronon_log_flattening_{team}",
	KindStats:          "chronon_stats_{team}",
	KindMetadataUpload: "chronon_metadata_upload",
}

// boilerplateNaming holds the ids that Chronon's own code gives (airflow/helpers.py, dag_names), for installations that want to keep their history.
var boilerplateNaming = Naming{
	KindStagingQuery: "chronon_staging_query_batch_{team}",
	KindBatch:        "chronon_group_by_batch_{team}",
	KindStreaming:    "chronon_group_by_streaming_{team}",
}

// NamingPreset returns a copy of the DAG id templates of a preset: "docs" or "boilerplate".
func NamingPreset(name string) (Naming, bool) {
	switch name {
	case "docs":
		return maps.Clone(docsNaming), true
	case "boilerplate":
		n := maps.Clone(docsNaming)
		maps.Copy(n, boilerplateNaming)
		return n, true
	default:
		return nil, false
	}
}
