package dagspec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// dayLayout is how a day is written: as strftime for the runtime and as a Go layout for reading. The zero value is not usable.
type dayLayout struct{ strftime, layout string }

const (
	isoDay    = "%Y-%m-%d"
	nodashDay = "%Y%m%d"
)

var isoLayout = dayLayout{strftime: isoDay, layout: "2006-01-02"}

// layoutOfJava translates PARTITION_FORMAT, which Spark jobs read as Java's SimpleDateFormat. It must name year, month and day once each.
func layoutOfJava(format string) (dayLayout, bool) {
	if !javaDayPattern.MatchString(format) {
		return dayLayout{}, false
	}
	for _, letters := range []string{"yyyy", "MM", "dd"} {
		if strings.Count(format, letters) != 1 {
			return dayLayout{}, false
		}
	}
	return dayLayout{
		strftime: strings.NewReplacer("yyyy", "%Y", "MM", "%m", "dd", "%d").Replace(format),
		layout:   strings.NewReplacer("yyyy", "2006", "MM", "01", "dd", "02").Replace(format),
	}, true
}

var (
	javaDayPattern  = regexp.MustCompile(`^(yyyy|MM|dd|[-_.])+$`)
	tablePattern    = regexp.MustCompile(`^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+){1,2}$`)
	columnPattern   = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	dsAddPattern    = regexp.MustCompile(`^macros\.ds_add\(\s*ds\s*,\s*([+-]?\d{1,5})\s*\)$`)
	dsFormatPattern = regexp.MustCompile(`^macros\.ds_format\(\s*(.+?)\s*,\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*,\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\)$`)
	strftimePattern = regexp.MustCompile(`^(%[Ymdyj]|[-_.A-Za-z0-9])+$`)
)

// specError is what is wrong with a partition spec.
type specError struct{ code, message, hint string }

// parseSpec reads a partition spec as Chronon writes it for Hive's partition sensor: "ns.table/ds={{ ds }}/system=mobile". Templates are those
// of Airflow, of which the ones that name a day are understood.
func parseSpec(spec string) (Partition, *specError) {
	pieces, problem := splitTemplates(spec)
	if problem != nil {
		return Partition{}, problem
	}
	var parts [][]Arg // the pieces between slashes
	parts = append(parts, nil)
	for _, piece := range pieces {
		if piece.Day != nil {
			parts[len(parts)-1] = append(parts[len(parts)-1], piece)
			continue
		}
		for i, section := range strings.Split(piece.Text, "/") {
			if i > 0 {
				parts = append(parts, nil)
			}
			if section != "" {
				parts[len(parts)-1] = append(parts[len(parts)-1], Arg{Text: section})
			}
		}
	}
	table := parts[0]
	if len(table) != 1 || table[0].Day != nil || !tablePattern.MatchString(table[0].Text) {
		return Partition{}, &specError{codeDependency, fmt.Sprintf("%q does not begin with namespace.table", spec), "write namespace.table/ds={{ ds }}"}
	}
	if len(parts) == 1 {
		return Partition{}, &specError{codeNoPartition, fmt.Sprintf("%q names no partition, so there is nothing to wait for", spec),
			"write " + spec + "/ds={{ ds }}"}
	}
	partition := Partition{Table: table[0].Text}
	for _, part := range parts[1:] {
		field, ok := fieldOf(part)
		if !ok {
			return Partition{}, &specError{codeDependency, fmt.Sprintf("%q has a part that is not column=value", spec), "write namespace.table/ds={{ ds }}"}
		}
		partition.Fields = append(partition.Fields, field)
	}
	return partition, nil
}

// fieldOf reads "column=value", in pieces.
func fieldOf(part []Arg) (Field, bool) {
	if len(part) == 0 || part[0].Day != nil {
		return Field{}, false
	}
	column, first, found := strings.Cut(part[0].Text, "=")
	if !found || !columnPattern.MatchString(column) {
		return Field{}, false
	}
	field := Field{Column: column}
	if first != "" {
		field.Value = append(field.Value, Arg{Text: first})
	}
	field.Value = append(field.Value, part[1:]...)
	return field, len(field.Value) > 0
}

// splitTemplates cuts a text into literal pieces and days.
func splitTemplates(spec string) ([]Arg, *specError) {
	var pieces []Arg
	rest := spec
	for {
		before, after, found := strings.Cut(rest, "{{")
		if strings.Contains(before, "{%") || strings.Contains(before, "{#") || strings.Contains(before, "}}") || hasControl(before) {
			return nil, unsupportedTemplate(spec)
		}
		if before != "" {
			pieces = append(pieces, Arg{Text: before})
		}
		if !found {
			return pieces, nil
		}
		expression, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, unsupportedTemplate(spec)
		}
		day, ok := parseDay(strings.TrimSpace(expression))
		if !ok {
			return nil, unsupportedTemplate("{{" + expression + "}}")
		}
		pieces = append(pieces, Arg{Day: &day})
		rest = tail
	}
}

func unsupportedTemplate(what string) *specError {
	return &specError{codeTemplate, fmt.Sprintf("%s is no template that is understood", strconv.Quote(what)),
		"use {{ ds }}, {{ ds_nodash }}, {{ macros.ds_add(ds, -1) }} or {{ macros.ds_format(ds, '%Y-%m-%d', '%Y%m%d') }}"}
}

// parseDay reads the expression of a template that names a day.
func parseDay(expression string) (Day, bool) {
	switch expression {
	case "ds":
		return Day{}, true
	case "ds_nodash":
		return Day{Layout: nodashDay}, true
	}
	if match := dsAddPattern.FindStringSubmatch(expression); match != nil {
		shift, err := strconv.Atoi(match[1])
		return Day{Shift: shift}, err == nil
	}
	match := dsFormatPattern.FindStringSubmatch(expression)
	if match == nil {
		return Day{}, false
	}
	inner, ok := parseDay(match[1])
	from, to := match[2]+match[3], match[4]+match[5]
	if !ok || from != inner.layout() || !strftimePattern.MatchString(to) {
		return Day{}, false
	}
	if to == isoDay {
		to = ""
	}
	return Day{Shift: inner.Shift, Layout: to}, true
}

// layout is the day's format with its default filled in.
func (d Day) layout() string { return firstOf(d.Layout, isoDay) }

// template writes the day as Chronon's users do, in Airflow's templates.
func (d Day) template() string {
	expression := "ds"
	if d.Shift != 0 {
		expression = fmt.Sprintf("macros.ds_add(ds, %d)", d.Shift)
	}
	switch {
	case d.layout() == isoDay:
	case d.Layout == nodashDay && d.Shift == 0:
		expression = "ds_nodash"
	default:
		expression = fmt.Sprintf("macros.ds_format(%s, '%s', '%s')", expression, isoDay, d.Layout)
	}
	return "{{ " + expression + " }}"
}

// Spec writes the partition as Chronon writes its dependencies: "ns.table/ds={{ ds }}". A partition without fields is the table's name.
func (p Partition) Spec() string {
	var out strings.Builder
	out.WriteString(p.Table)
	for _, field := range p.Fields {
		out.WriteString("/" + field.Column + "=")
		for _, piece := range field.Value {
			out.WriteString(piece.template())
		}
	}
	return out.String()
}

// template writes an argument as Chronon's users do: a day as a template, a file as its path in the repository.
func (a Arg) template() string {
	switch {
	case a.Day != nil:
		return a.Day.template()
	case len(a.Pieces) > 0:
		var out strings.Builder
		for _, piece := range a.Pieces {
			out.WriteString(piece.template())
		}
		return out.String()
	default:
		return a.Text
	}
}

// earliestShift is the earliest day that the partition names, in days after that of the run; 0 when it names none.
func (p Partition) earliestShift() int {
	earliest, found := 0, false
	for _, field := range p.Fields {
		for _, piece := range field.Value {
			if piece.Day != nil && (!found || piece.Day.Shift < earliest) {
				earliest, found = piece.Day.Shift, true
			}
		}
	}
	return earliest
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
