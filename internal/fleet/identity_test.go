package fleet

import (
	"strings"
	"testing"

	"chrononctl/dagspec"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	long := "payments." + strings.Repeat("long_", 20) + "join.v1"
	for name, tc := range map[string]struct {
		id   string
		tags []string
		want identity
	}{
		"tags say it all": {
			"chronon_join_payments__checkout__v1", []string{"chronon", "team:payments", "kind:join", "join:payments.checkout.v1"},
			identity{dagspec.KindJoin, "payments", "payments.checkout.v1"},
		},
		"tags win over the id": {
			"chronon_batch_dag_core", []string{"kind:stats", "team:ads"}, identity{dagspec.KindStats, "ads", ""},
		},
		"a join too long for a tag is in the id": {
			"chronon_join_" + strings.ReplaceAll(long, ".", "__"), []string{"kind:join", "team:payments"},
			identity{dagspec.KindJoin, "payments", long},
		},
		"ids of Chronon's documentation": {"chronon_batch_dag_core", []string{"chronon"}, identity{dagspec.KindBatch, "core", ""}},
		"ids of Chronon's boilerplate":   {"chronon_group_by_streaming_core", []string{"chronon"}, identity{dagspec.KindStreaming, "core", ""}},
		"the surer template wins":        {"chronon_staging_query_batch_core", nil, identity{dagspec.KindStagingQuery, "core", ""}},
		"comparison by id":               {"chronon_online_offline_comparison_ads__bids__v2", nil, identity{dagspec.KindComparison, "ads", "ads.bids.v2"}},
		"a DAG without a team":           {"chronon_metadata_upload", nil, identity{dagspec.KindMetadataUpload, "", ""}},
		"nothing known":                  {"someones_dag", []string{"chronon"}, identity{}},
		"an empty name is none":          {"chronon_join_", []string{"team:"}, identity{}},
		"a kind from the future stays":   {"x", []string{"kind:teleport", "team:core"}, identity{"teleport", "core", ""}},
		"hostile tags stay data":         {"x", []string{"team:\x1b[31mred"}, identity{"", "\x1b[31mred", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := identify(tc.id, tc.tags, presetNamer()); got != tc.want {
				t.Errorf("identify(%q, %q) = %+v, want %+v", tc.id, tc.tags, got, tc.want)
			}
		})
	}
}
