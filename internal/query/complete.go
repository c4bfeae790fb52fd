package query

import (
	"slices"
	"strings"
)

// Complete proposes what the last term of a query could become: names of fields with their sign, or the words of a field. Each proposal is the whole
// query, ready to take the place of what was typed. It is empty where the last term is plain text that begins no field's name.
func Complete[T any](schema Schema[T], query string) []string {
	return CompleteWith(schema, query, nil)
}

// CompleteWith proposes the values of fields of free text too: values are those of a field, by its name. A value that a query would have to quote is left out.
func CompleteWith[T any](schema Schema[T], query string, values func(field string) []string) []string {
	words := split(query)
	if len(words) == 0 || isSpace(query[len(query)-1]) {
		return propose(query, "", fieldStarts(schema))
	}
	last := words[len(words)-1]
	if last.quoted || last.open {
		return nil
	}
	head := query[:last.at]
	if last.negated {
		head += "!"
	}
	name, s, value, ok := cut(last.text)
	if !ok {
		return propose(head, last.text, fieldStarts(schema))
	}
	field, ok := schema.field(name)
	if !ok {
		return nil
	}
	known := field.words
	if field.kind == kindText && values != nil {
		known = slices.DeleteFunc(slices.Clone(values(field.Name)), func(v string) bool { return strings.ContainsAny(v, " \t\",") })
	}
	settled := value[:strings.LastIndex(value, ",")+1]
	return propose(head+name+string(s)+settled, value[len(settled):], known)
}

// fieldStarts are the names of the fields with the sign that usually follows.
func fieldStarts[T any](schema Schema[T]) []string {
	out := make([]string, len(schema.Fields))
	for i, f := range schema.Fields {
		out[i] = f.Name + string(signIs)
		if f.text == nil {
			out[i] = f.Name + string(signMore)
		}
	}
	return out
}

func propose(head, begun string, all []string) []string {
	var out []string
	for _, candidate := range all {
		if strings.HasPrefix(strings.ToLower(candidate), strings.ToLower(begun)) && !strings.EqualFold(candidate, begun) {
			out = append(out, head+candidate)
		}
	}
	return out
}
