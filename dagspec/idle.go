package dagspec

import "slices"

// checkIdle reports GroupBys that nothing computes: they are neither served nor filled, and no join has them as a part. It may be meant, and it may
// be a forgotten online or backfill_start_date.
func (b *builder) checkIdle() {
	used := map[string]bool{}
	for i := range b.repo.Confs {
		doc := &b.repo.Confs[i].doc
		parts := doc.JoinParts
		if doc.LabelPart != nil {
			parts = append(slices.Clip(parts), doc.LabelPart.Labels...)
		}
		for _, part := range parts {
			used[part.GroupBy.name()] = true
		}
		for _, part := range doc.ExternalParts {
			used[part.Source.OfflineGroupBy.name()] = true
		}
	}
	for i := range b.repo.Confs {
		c := &b.repo.Confs[i]
		if c.Type == TypeGroupBy && b.confs[c.File] == nil && !used[c.Name] && !c.doc.Meta.schedule().never {
			b.about(c.File).warn(codeNoTasks, "", "nothing computes this GroupBy: it is offline, has no backfillStartDate, and no join has it as a part",
				"set online or backfill_start_date, or remove the conf")
		}
	}
}

// name is the full name of an embedded GroupBy, as far as it is known.
func (g *embeddedGB) name() string {
	if g == nil || g.Meta == nil {
		return ""
	}
	return g.Meta.Name.value
}
