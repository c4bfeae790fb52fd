package dagspec

import (
	"slices"
	"strings"
)

// cleanName is a conf's name as part of a table name: all but letters of ASCII, digits and _ become _ (api Extensions.scala, cleanName).
func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// The tables of a conf, by what is appended to its output table (Extensions.scala 96-137, JoinBase.scala 49-52).
const (
	suffixUpload      = "_upload"
	suffixIncremental = "_daily_inc"
	suffixBootstrap   = "_bootstrap"
	suffixPreModel    = "_pre_mt"
	suffixLogged      = "_logged"
	suffixComparison  = "_comparison"
	suffixConsistency = "_consistency"
	suffixStats       = "_daily_stats"
	suffixLabels      = "_labels"
	suffixLabeled     = "_labeled"
	suffixLatestLabel = "_labeled_latest"
)

// signalTable is where views report that they are ready, by the namespace (StagingQuery.scala, SIGNAL_PARTITIONS_TABLE_NAME).
const (
	signalTable  = "chronon_signal_partitions"
	signalColumn = "table_name"
)

// table is the conf's output table: "namespace.team_file_var".
func (c *Conf) table() string { return c.doc.Meta.OutputNamespace.value + "." + cleanName(c.Name) }

// joinPartTable is the intermediate table of one part of a join (Extensions.scala, partOutputTable).
func (c *Conf) joinPartTable(part joinPart) string {
	return underscored(c.table(), part.Prefix.value, cleanName(part.GroupBy.name()))
}

// underscored joins the pieces that are not empty.
func underscored(pieces ...string) string {
	return strings.Join(slices.DeleteFunc(pieces, func(piece string) bool { return piece == "" }), "_")
}

// kvDataset is the dataset of a GroupBy's batch values in the KV store (Extensions.scala, batchDataset).
func (c *Conf) kvDataset() string { return strings.ToUpper(cleanName(c.Name)) + "_BATCH" }

// signal is the partition that a view's job writes: its readiness, as a row of the namespace's signal table.
func (c *Conf) signal(day Field) Partition {
	return Partition{
		Table:  c.doc.Meta.OutputNamespace.value + "." + signalTable,
		Fields: []Field{day, {Column: signalColumn, Value: []Arg{{Text: c.table()}}}},
	}
}

// producerKey is what identifies a table in the index of producers. Hive's names know no letter case, and all views of a namespace share one
// table, in which each has its own partitions.
func producerKey(p Partition) string {
	key := strings.ToLower(p.Table)
	if !strings.HasSuffix(key, "."+signalTable) {
		return key
	}
	for _, field := range p.Fields {
		if field.Column == signalColumn && len(field.Value) == 1 && field.Value[0].Day == nil {
			return key + "/" + strings.ToLower(field.Value[0].Text)
		}
	}
	return key
}
