package dagspec

import (
	"encoding/json"
	"fmt"
	"strings"
)

// dependency is one entry of metaData.dependencies.
type dependency struct {
	index     int    // in metaData.dependencies
	spec      string // as the conf has it
	partition Partition
	start     Date
	end       Date // inclusive
}

// readDependency understands one entry. A GroupBy's or Join's is JSON with spec, start and end (utils.py, wait_for_simple_schema); a staging
// query's is the bare spec, as its author wrote it. Either spelling is read anywhere. An entry without a partition gives no dependency.
func readDependency(raw text, kind ConfType, env *commonEnv) (*dependency, []specError) {
	if raw.bad != "" {
		return nil, []specError{{codeDependency, "cannot be " + raw.bad, "write the dependency as a string"}}
	}
	var entry struct {
		Spec  text `json:"spec"`
		Start text `json:"start"`
		End   text `json:"end"`
	}
	compiled := strings.HasPrefix(strings.TrimSpace(raw.value), "{") && !strings.HasPrefix(strings.TrimSpace(raw.value), "{{")
	if !compiled {
		entry.Spec.value = raw.value
	} else if err := json.Unmarshal([]byte(raw.value), &entry); err != nil {
		return nil, []specError{{codeDependency, "is no JSON object: " + err.Error(), recompileHint}}
	}
	if entry.Spec.value == "" {
		return nil, []specError{{codeDependency, "has no spec", "write namespace.table/ds={{ ds }}"}}
	}
	partition, problem := parseSpec(entry.Spec.value)
	if problem != nil {
		return nil, []specError{*problem}
	}
	if compiled && kind != TypeStagingQuery {
		partition = env.compiledDay(partition)
	}
	found := &dependency{spec: entry.Spec.value, partition: partition}
	var problems []specError
	if !compiled && kind != TypeStagingQuery {
		problems = append(problems, specError{codeBareSpec, fmt.Sprintf("%q is a bare spec, where Chronon's tools expect JSON; it is waited for as it stands", found.spec), recompileHint})
	}
	for _, bound := range []struct {
		name string
		text text
		day  *Date
	}{{"start", entry.Start, &found.start}, {"end", entry.End, &found.end}} {
		if bound.text.value == "" && bound.text.bad == "" {
			continue
		}
		day, err := parseAnyDay(bound.text.value, env.layout)
		if err != nil {
			problems = append(problems, specError{codeDate, fmt.Sprintf("has the %s %q, which is no day", bound.name, bound.text.value),
				"write the day as YYYY-MM-DD"})
		}
		*bound.day = day
	}
	return found, problems
}

// compiledDay puts the repository's partition column and format in place of "ds={{ ds }}": compile.py writes that whatever PARTITION_COLUMN and
// PARTITION_FORMAT say, and the jobs go by those.
func (e *commonEnv) compiledDay(p Partition) Partition {
	if e.layout == isoLayout && e.PartitionColumn.value == "ds" {
		return p
	}
	fields := make([]Field, len(p.Fields))
	for i, field := range p.Fields {
		if len(field.Value) == 1 && field.Value[0].Day != nil && field.Value[0].Day.Layout == "" {
			if field.Column == "ds" {
				field.Column = e.PartitionColumn.value
			}
			field.Value = []Arg{{Day: e.day(field.Value[0].Day.Shift)}}
		}
		fields[i] = field
	}
	return Partition{Table: p.Table, Fields: fields}
}

// day is the day of a run, moved by shift, as the repository's jobs write it.
func (e *commonEnv) day(shift int) *Day {
	layout := e.layout.strftime
	if layout == isoDay {
		layout = ""
	}
	return &Day{Shift: shift, Layout: layout}
}

// dayField is the partition column of the repository's tables with the day of a run.
func (e *commonEnv) dayField(shift int) Field {
	return Field{Column: e.PartitionColumn.value, Value: []Arg{{Day: e.day(shift)}}}
}
