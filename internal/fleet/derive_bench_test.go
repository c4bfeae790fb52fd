package fleet

import (
	"fmt"
	"testing"
	"time"

	"chrononctl/dagspec"
)

// wholeFleet has n DAGs of four jobs and four sensors each, five days of each, and the definitions of all.
func wholeFleet(n int) *scene {
	s := newScene()
	var defs []dagspec.DAG
	for i := range n {
		kind, id, join := dagspec.KindBatch, fmt.Sprintf("chronon_batch_dag_t%d", i), ""
		if i%3 == 0 {
			kind, id, join = dagspec.KindJoin, fmt.Sprintf("chronon_join_core__j%d__v1", i), fmt.Sprintf("core.j%d.v1", i)
		}
		s.dag(kind, id, join)
		def, specs := dagspec.DAG{ID: id, Kind: kind, Team: "core", Join: join}, []string(nil)
		for j := range 4 {
			t := tables(fmt.Sprintf("backfill__c%d_%d", i, j), fmt.Sprintf("c%d_%d", i, j), dagspec.ModeBackfill)
			wait := dagspec.Wait{Spec: fmt.Sprintf("core.w%d_%d/ds={{ ds }}", i, j), Partition: t.Outputs[0]}
			t.Waits = []dagspec.Wait{wait}
			def.Tasks = append(def.Tasks, t)
			specs = append(specs, t.ID+"=success", wait.TaskID()+"=success")
		}
		defs = append(defs, def)
		for day := 1; day <= 5; day++ {
			s.run(id, ago(day), "success", 2*time.Hour, specs...)
		}
	}
	s.intent = newIntent(IntentDefinitions, defs)
	return s
}

// BenchmarkDerive is what a picture costs once everything is read, for 3,000 DAGs with 120,000 task instances.
func BenchmarkDerive(b *testing.B) {
	s := wholeFleet(3000)
	b.Run("assemble", func(b *testing.B) {
		for b.Loop() {
			assemble(s.observation)
		}
	})
	dags := assemble(s.observation)
	b.Run("derive", func(b *testing.B) {
		for b.Loop() {
			derive(s.observation, dags)
		}
	})
}
