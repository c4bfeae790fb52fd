package dagspec

import (
	"strings"
	"testing"
	"time"
)

func TestSettingsOfWaitsAndJobsReachTheFiles(t *testing.T) {
	t.Parallel()
	s := DefaultSettings()
	if plain := renderSettings(KindBatch, s); strings.Contains(plain, "missing_table_s") || strings.Contains(plain, "runner") {
		t.Errorf("what the runtime assumes by itself is written out: %s", plain)
	}
	s.Sensors.MissingTable = 5 * time.Minute
	s.Run.Runner = "ours.pods:run"
	for _, kind := range []Kind{KindBatch, KindStreaming, KindComparison, KindMetadataUpload} {
		for _, want := range []string{"missing_table_s=300", `runner="ours.pods:run"`} {
			if got := renderSettings(kind, s); !strings.Contains(got, want) {
				t.Errorf("%s has no %s: %s", kind, want, got)
			}
		}
	}
	s.Sensors.MissingTable = 0
	if got := renderSettings(KindJoin, s); !strings.Contains(got, "missing_table_s=0") {
		t.Errorf("a table that may be missing for ever is not: %s", got)
	}
}
