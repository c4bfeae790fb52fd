package dagspec

import (
	"reflect"
	"testing"
	"time"
)

// TestEveryFieldOfADefinitionCounts changes each field that a DAG has anywhere, one after the other: each change must change the hash.
func TestEveryFieldOfADefinitionCounts(t *testing.T) {
	t.Parallel()
	day := func() *Day { return &Day{Shift: 1, Layout: "%Y"} }
	date := DateOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	dag := DAG{Start: date, Emails: []string{"a"}, Tasks: []Task{{
		Env: map[string]string{"a": "b"}, After: []string{"a"}, Outputs: []Partition{{Table: "t"}},
		Argv:  []Arg{{Day: day(), Files: []Source{{}}, Pieces: []Arg{{Text: "a"}}}},
		Waits: []Wait{{Start: date, End: date, Partition: Partition{Fields: []Field{{Value: []Arg{{Day: day()}}}}}}},
	}}}
	b := &builder{}
	seen := map[string]string{b.sumDAG(&dag): "nothing"}
	changed := 0
	var walk func(path string, v reflect.Value)
	note := func(path string, v reflect.Value, to any) {
		before := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		hash := b.sumDAG(&dag)
		if other, taken := seen[hash]; taken {
			t.Errorf("%s counts as little as %s", path, other)
		}
		seen[hash] = path
		v.Set(before)
		changed++
	}
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			note(path, v, v.String()+"x"+path)
		case reflect.Bool:
			note(path, v, !v.Bool())
		case reflect.Int:
			note(path, v, v.Int()+1)
		case reflect.Float64:
			note(path, v, v.Float()+1)
		case reflect.Map:
			note(path, v, map[string]string{"a": "c"})
			note(path, v, map[string]string{"ab": ""})
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem())
				note(path, v, reflect.Zero(v.Type()).Interface())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(path+"[]", v.Index(i))
			}
			if v.Len() > 0 {
				note(path, v, reflect.Zero(v.Type()).Interface())
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[Date]() {
				note(path, v, date.AddDays(changed+1))
				return
			}
			for field, value := range v.Fields() {
				if path != "" || field.Name != "Hash" {
					walk(path+"."+field.Name, value)
				}
			}
		default:
			t.Errorf("%s is a %s", path, v.Type())
		}
	}
	walk("", reflect.ValueOf(&dag).Elem())
	if changed < 50 {
		t.Errorf("only %d fields were changed", changed)
	}
	if b.s.Bundle = true; seen[b.sumDAG(&dag)] != "" {
		t.Error("how confs are delivered does not count")
	}
}
