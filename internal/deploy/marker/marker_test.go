package marker_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
)

func index() marker.Index {
	dag := marker.DAG{ID: "chronon_join_a", Hash: "0123456789ab", File: "join_a.py"}
	dag.Describe(dagspec.DAG{Kind: dagspec.KindJoin, Team: "a", Join: "a.j.v1", Schedule: "0 1 * * *", Tasks: []dagspec.Task{
		{Conf: "a.j.v1", Outputs: []dagspec.Partition{{Table: "a.j"}}, Waits: []dagspec.Wait{{Partition: dagspec.Partition{Table: "z.events"}}, {Partition: dagspec.Partition{Table: "b.events"}}}},
		{Conf: "a.j.v1", Outputs: []dagspec.Partition{{Table: "a.j"}}},
	}})
	return marker.Index{Schema: 1, Release: "r20261123T041500Z-1a2b3c4d", Created: time.Date(2026, 11, 23, 4, 15, 0, 0, time.UTC), Generator: "test", DAGs: []marker.DAG{dag}}
}

func TestMarkerTellsItsReleaseAndItsIndex(t *testing.T) {
	t.Parallel()
	file, hash, err := marker.Render("chronon_release", "chronon_release.py", index())
	if err != nil {
		t.Fatal(err)
	}
	text := string(file.Data)
	_, rest, _ := strings.Cut(text, `description="`)
	description, _, _ := strings.Cut(rest, `"`)
	if marker.ReleaseOf(description) != "r20261123T041500Z-1a2b3c4d" || dagspec.ContentHash(description) != hash {
		t.Errorf("description is %q, hash %s", description, hash)
	}
	_, rest, _ = strings.Cut(text, `doc_md="`)
	doc, _, _ := strings.Cut(rest, `"`)
	back, err := marker.Decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, index()) {
		t.Errorf("got back %+v", back)
	}
	if got := back.DAGs[0].Reads; !reflect.DeepEqual(got, []string{"b.events", "z.events"}) {
		t.Errorf("reads %v", got)
	}
}

func TestMarkerOfAnotherReleaseHasAnotherHash(t *testing.T) {
	t.Parallel()
	_, one, err := marker.Render("m", "m.py", index())
	if err != nil {
		t.Fatal(err)
	}
	other := index()
	other.Release = "r20261123T041501Z-1a2b3c4d"
	_, two, err := marker.Render("m", "m.py", other)
	if err != nil || one == two {
		t.Errorf("hashes %s and %s, %v", one, two, err)
	}
}

func TestForeignTextIsNoIndex(t *testing.T) {
	t.Parallel()
	if _, err := marker.Decode("# My DAG"); !errors.Is(err, marker.ErrNoIndex) {
		t.Errorf("error is %v", err)
	}
	for _, bad := range []string{"chronon-index-1:%", "chronon-index-1:AAAA", "chronon-index-1:"} {
		if _, err := marker.Decode(bad); err == nil || errors.Is(err, marker.ErrNoIndex) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if marker.ReleaseOf("A DAG [cc:0123456789ab]") != "" {
		t.Error("a DAG that is no marker names a release")
	}
}
