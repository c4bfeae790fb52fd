package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy/marker"
)

// A DAG that a release has and Airflow does not list is called missing or hidden where Airflow says so, and nothing else.
func TestDAGsThatAreNotListed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		asked   map[string]int // see world
		planted *airflowclient.DAG
		want    DeviationKind
		health  Health
		says    string
		cause   CauseKind
	}{
		"there is none": {nil, nil, DAGMissing, Failed, "its file is gone", CauseMissing},
		"refused, and so is one that does not exist":  {map[string]int{"gone": 403, "": 403}, nil, DAGUnseen, Unknown, "it is missing or hidden", CausePermission},
		"refused, and one that does not exist is not": {map[string]int{"gone": 403}, nil, DAGHidden, Unknown, "may not read it", CausePermission},
		"no answer":             {map[string]int{"gone": 501}, nil, DAGUnseen, Unknown, "nobody has asked yet", CauseUnread},
		"it came a moment ago":  {nil, &airflowclient.DAG{ID: "gone", Tags: []string{"chronon"}}, DAGMissing, Waiting, "has it by now", CauseMissing},
		"somebody else took it": {nil, &airflowclient.DAG{ID: "gone", Tags: []string{"mine"}}, DAGForeign, Failed, "no tag chronon", CauseOutdated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dag("d", "batch", "core", "")
			w.release("m", noon.AddDate(0, 0, -1), entry("d"), entry("gone"))
			w.asked = tc.asked
			o := w.observer()
			if tc.planted != nil {
				observe(t, o) // the list is read before
				o.unlisted.answers = nil
				w.dags = append(w.dags, *tc.planted)
				o.outdate()
			}
			s := observe(t, o)
			if len(s.Deviations) != 1 {
				t.Fatalf("got %+v", s.Deviations)
			}
			if d := s.Deviations[0]; d.Kind != tc.want || d.Health != tc.health || !strings.Contains(d.Reason, tc.says) {
				t.Errorf("got %v %v %q, want %v %v %q", d.Kind, d.Health, d.Reason, tc.want, tc.health, tc.says)
			}
			causes := Causes(s, Details{})
			if tc.health < Unknown {
				if len(causes) > 0 {
					t.Errorf("got %+v", causes)
				}
				return
			}
			if len(causes) != 1 || causes[0].Kind != tc.cause {
				t.Errorf("got %+v, want one of kind %v", causes, tc.cause)
			}
		})
	}
}

// A user who sees a part of a large fleet asks for what is not listed bit by bit, and never for all of it.
func TestManyDAGsThatAreNotListedAreAskedForBitByBit(t *testing.T) {
	t.Parallel()
	const wanted = mostAsked + 60
	w := newWorld()
	w.dag("d", "batch", "core", "")
	all := []marker.DAG{entry("d")}
	for i := range wanted {
		all = append(all, entry(fmt.Sprintf("gone%03d", i)))
	}
	w.release("m", noon.AddDate(0, 0, -1), all...)
	o := w.observer()
	unseen := func() (n, requests int) {
		requests = w.requests["details"]
		s := observe(t, o)
		for _, d := range s.Deviations {
			if d.Kind == DAGUnseen {
				n++
			}
		}
		w.pass(time.Minute)
		return n, w.requests["details"] - requests
	}
	var left, asked []int
	for range 6 {
		n, requests := unseen()
		left, asked = append(left, n), append(asked, requests)
	}
	if want := []int{wanted - 50, wanted - 100, wanted - 150, 60, 60, 60}; !slices.Equal(left, want) {
		t.Errorf("%d are unseen, want %d", left, want)
	}
	if want := []int{51, 50, 50, 50, 0, 0}; !slices.Equal(asked, want) { // the first of them is the marker
		t.Errorf("%d requests, want %d", asked, want)
	}
	w.pass(askAgain)
	if _, requests := unseen(); requests != askedPerLook {
		t.Errorf("after a while %d are asked for again", requests)
	}
}
