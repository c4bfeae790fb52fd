package dagspec

import (
	"reflect"
	"testing"
)

func TestPartitionsAreNamedForADay(t *testing.T) {
	t.Parallel()
	day, err := ParseDate("2026-03-01")
	if err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]string{
		"core.users":             "core.users",
		"core.users/ds={{ ds }}": "core.users/ds=2026-03-01",
		"core.users/ds={{ macros.ds_add(ds, -1) }}":                                     "core.users/ds=2026-02-28",
		"core.users/day={{ ds_nodash }}/system=mobile":                                  "core.users/day=20260301/system=mobile",
		"core.users/ds={{ macros.ds_format(ds, '%Y-%m-%d', '%j.%y') }}":                 "core.users/ds=060.26",
		"core.users/ds={{ macros.ds_format(macros.ds_add(ds, 1), '%Y-%m-%d', '%d') }}_": "core.users/ds=02_",
	} {
		partition, err := ParsePartition(spec)
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		if got := partition.On(day); got != want {
			t.Errorf("%s is %s, want %s", spec, got, want)
		}
		if again, err := ParsePartition(partition.Spec()); err != nil || !reflect.DeepEqual(again, partition) {
			t.Errorf("%s is written as %s and read as %+v, %v", spec, partition.Spec(), again, err)
		}
	}
	if _, err := ParsePartition("core users"); err == nil {
		t.Error("a text that is no table is a partition")
	}
}
