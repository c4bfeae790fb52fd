package dagspec

import (
	"errors"
	"strings"
)

// ParsePartition reads a partition as [Partition.Spec] writes it: "ns.table/ds={{ ds }}", or a table's name for the table as a whole.
func ParsePartition(spec string) (Partition, error) {
	if tablePattern.MatchString(spec) {
		return Partition{Table: spec}, nil
	}
	partition, problem := parseSpec(spec)
	if problem != nil {
		return Partition{}, errors.New(problem.message)
	}
	return partition, nil
}

// On is the name of the partition for the run of a day, "core.users/ds=2026-11-21"; of a table as a whole it is the table's name.
func (p Partition) On(day Date) string {
	var out strings.Builder
	out.WriteString(p.Table)
	for _, field := range p.Fields {
		out.WriteString("/" + field.Column + "=")
		for _, piece := range field.Value {
			if piece.Day == nil {
				out.WriteString(piece.Text)
				continue
			}
			out.WriteString(piece.Day.of(day))
		}
	}
	return out.String()
}

// of writes the day that the run of a day means, in the day's own format.
func (d Day) of(run Date) string {
	day := run.AddDays(d.Shift).t
	text, layout := make([]byte, 0, len("2006-01-02")), d.layout()
	for i := 0; i < len(layout); i++ {
		if part := dayPart(layout[i:min(i+2, len(layout))]); part != "" {
			text = day.AppendFormat(text, part)
			i++
			continue
		}
		text = append(text, layout[i])
	}
	return string(text)
}

// dayPart is a directive of a day's format as Go writes it; empty for what is none.
func dayPart(directive string) string {
	switch directive {
	case "%Y":
		return "2006"
	case "%m":
		return "01"
	case "%d":
		return "02"
	case "%y":
		return "06"
	case "%j":
		return "002"
	default:
		return ""
	}
}
