package dagspec

import "slices"

// Accuracy of a GroupBy, as thrift numbers it (api.thrift, enum Accuracy).
const (
	accuracyTemporal = 0
	accuracySnapshot = 1
)

// topic is the stream behind a source, and empty for a source that is batch only. A source that is a join streams what the join's left side
// streams (Extensions.scala, SourceOps.topic).
func (s *source) topic() string {
	switch {
	case s == nil:
		return ""
	case s.Events != nil:
		return s.Events.Topic.value
	case s.Entities != nil:
		return s.Entities.Topic.value
	case s.Chained != nil && s.Chained.Join != nil:
		return s.Chained.Join.Left.topic()
	default:
		return ""
	}
}

// streamed says whether any source has a topic (Extensions.scala, GroupByOps.streamingSource).
func (d *document) streamed() bool {
	for i := range d.Sources {
		if d.Sources[i].topic() != "" {
			return true
		}
	}
	return false
}

// temporal says whether a GroupBy promises values as of the second: what its author said, else whether it has a topic (Extensions.scala,
// inferredAccuracy).
func (d *document) temporal() bool {
	if d.Accuracy.set {
		return d.Accuracy.value == accuracyTemporal
	}
	return d.streamed()
}

// fromEvents says whether all sources of a GroupBy are events.
func (d *document) fromEvents() bool {
	return !slices.ContainsFunc(d.Sources, func(s source) bool { return s.Events == nil })
}

// streams says whether a streaming job has to run: the values are served, promised to the second, and there is something to read them from.
func (d *document) streams() bool { return d.Meta.Online.value && d.temporal() && d.streamed() }

// logs says whether requests for a join are logged, so that there is something to flatten.
func (d *document) logs() bool { return d.Meta.Online.value && d.Meta.SamplePercent.value > 0 }

// compares says whether a join's served values are compared with recomputed ones.
func (d *document) compares() bool { return d.logs() && d.Meta.CustomJSON.CheckConsistency.value }

// transformed says whether models run over a join's output, so that its backfill writes an intermediate table.
func (d *document) transformed() bool {
	return d.ModelTransforms != nil && len(d.ModelTransforms.Transforms) > 0
}

// fills says whether a job of the conf computes every missing day up to its own. With historicalBackfill off it computes that day alone
// (JoinUtils.scala 108-127, GroupBy.scala 1009-1018, StagingQuery.scala 65-74).
func (m *metaData) fills() bool { return !m.HistoricalBackfill.set || m.HistoricalBackfill.value }

// lag is how many days behind its run the conf's jobs compute.
func (m *metaData) lag() int { return int(m.CustomJSON.Lag.value) }
