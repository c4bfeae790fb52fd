package dagspec

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// needing is a join that waits for tables.
func needing(name string, meta object, specs ...string) object {
	var dependencies []string
	for _, spec := range specs {
		dependencies = append(dependencies, dep(spec, "", ""))
	}
	all := object{"dependencies": dependencies}
	maps.Copy(all, meta)
	return joinConf(name, all, nil)
}

func TestLineageIsReportedWithItsChain(t *testing.T) {
	t.Parallel()
	const today = "/ds={{ ds }}"
	weekly, never := object{"offlineSchedule": "@weekly"}, object{"offlineSchedule": "@never"}
	streaming := object{"sources": []object{events("raw.e", "topic")}}
	through := func(name string) object {
		return object{"sources": []object{{"joinSource": object{"join": object{"metaData": meta(name, nil), "left": events("raw.e", "topic")}, "query": object{}}}}}
	}
	served := joinConf("pay.j.v1", object{"online": 1}, object{"joinParts": []object{{"groupBy": object{"metaData": meta("pay.gb.v1", nil)}}}})
	for name, c := range map[string]struct {
		confs    map[string]object
		settings func(*Settings)
		want     []string
	}{
		"a circle of two": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", nil, "pay.pay_b_v1"+today),
				"joins/pay/b.v1": needing("pay.b.v1", nil, "raw.x"+today, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/a.v1: metaData.dependencies[0]: warning: can never start: the backfill of pay.a.v1 waits for pay.pay_b_v1/ds={{ ds }}, which the backfill of pay.b.v1 writes, " +
				"which waits for pay.pay_a_v1/ds={{ ds }}, which the backfill of pay.a.v1 writes [wait-cycle]"},
		},
		"a table that waits for itself": {
			map[string]object{"joins/pay/a.v1": needing("pay.a.v1", nil, "pay.pay_a_v1"+today)}, nil,
			[]string{"production/joins/pay/a.v1: metaData.dependencies[0]: warning: can never start: the backfill of pay.a.v1 waits for pay.pay_a_v1/ds={{ ds }}, which the backfill of pay.a.v1 writes [wait-cycle]"},
		},
		"a table built on its own yesterday": {
			map[string]object{"joins/pay/a.v1": needing("pay.a.v1", nil, "pay.pay_a_v1/ds={{ macros.ds_add(ds, -1) }}")}, nil, nil,
		},
		"a circle through yesterday": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", nil, "pay.pay_b_v1/ds={{ macros.ds_add(ds, -1) }}"),
				"joins/pay/b.v1": needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
			}, nil, nil,
		},
		"a circle through yesterday, which a lag makes today": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", nil, "pay.pay_b_v1/ds={{ macros.ds_add(ds, -1) }}"),
				"joins/pay/b.v1": needing("pay.b.v1", object{"customJson": `{"lag": 1}`}, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/a.v1: metaData.dependencies[0]: warning: can never start: the backfill of pay.a.v1 waits for pay.pay_b_v1/ds={{ macros.ds_add(ds, -1) }}, which the backfill of pay.b.v1 writes, " +
				"which waits for pay.pay_a_v1/ds={{ ds }}, which the backfill of pay.a.v1 writes [wait-cycle]"},
		},
		"nothing writes it, and others wait along": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", never),
				"joins/pay/b.v1": needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
				"joins/pay/c.v1": needing("pay.c.v1", nil, "pay.pay_b_v1"+today),
				"joins/pay/d.v1": needing("pay.d.v1", nil, "pay.pay_c_v1"+today),
			}, nil,
			[]string{"production/joins/pay/b.v1: metaData.dependencies[0]: warning: waits for pay.pay_a_v1, which nothing writes: join pay.a.v1 has offlineSchedule @never; pay.c.v1 and pay.d.v1 wait with it [wait-on-unscheduled]"},
		},
		"a log that nobody flattens": {
			map[string]object{"joins/pay/a.v1": needing("pay.a.v1", object{"online": 1}, "pay.pay_a_v1_logged"+today)}, nil,
			[]string{"production/joins/pay/a.v1: metaData.dependencies[0]: warning: waits for pay.pay_a_v1_logged, which nothing writes: join pay.a.v1 is not online with samplePercent, so its requests are not logged [wait-on-unscheduled]"},
		},
		"daily for weekly": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", weekly), "joins/pay/b.v1": needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/b.v1: metaData.dependencies[0]: warning: runs at 0 0 * * * and waits for pay.pay_a_v1, which pay.a.v1 writes at 0 0 * * 0: up to 12 days, longer than its sensors look (48h0m0s) [wait-on-slower-schedule]"},
		},
		"daily for weekly inside a team's DAG": {
			map[string]object{
				"staging_queries/pay/a.v1": stagingQuery("pay.a.v1", weekly, nil), "joins/pay/b.v1": needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/b.v1: metaData.dependencies[0]: warning: runs at 0 0 * * * and waits for pay.pay_a_v1, which pay.a.v1 writes at 0 0 * * 0: up to 6 days, longer than its sensors look (48h0m0s) [wait-on-slower-schedule]"},
		},
		"daily for weekly days alone": {
			map[string]object{
				"staging_queries/pay/a.v1": stagingQuery("pay.a.v1", object{"offlineSchedule": "@weekly", "historicalBackfill": 0}, nil),
				"joins/pay/b.v1":           needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/b.v1: metaData.dependencies[0]: warning: waits for ever for most of its days: pay.pay_a_v1 is written by pay.a.v1 only for the days of its own schedule (0 0 * * 0), with historicalBackfill off [wait-on-slower-schedule]"},
		},
		"weekly for daily": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", nil), "joins/pay/b.v1": needing("pay.b.v1", weekly, "pay.pay_a_v1"+today),
			}, nil, nil,
		},
		"weekly for weekly": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", weekly), "joins/pay/b.v1": needing("pay.b.v1", weekly, "pay.pay_a_v1"+today),
			}, nil, nil,
		},
		"a lag that the reader does not have": {
			map[string]object{
				"joins/pay/a.v1": needing("pay.a.v1", object{"customJson": `{"lag": 2}`}), "joins/pay/b.v1": needing("pay.b.v1", nil, "pay.pay_a_v1"+today),
			}, nil,
			[]string{"production/joins/pay/b.v1: metaData.dependencies[0]: warning: waits for pay.pay_a_v1/ds={{ ds }}, which the backfill of pay.a.v1 writes 2 days later: it stays 2 behind with its lag [wait-on-later-day]"},
		},
		"a stream whose upload is not loaded": {
			map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, streaming)}, func(s *Settings) { s.NoKVLoad = true },
			[]string{"production/group_bys/pay/gb.v1: metaData.online: warning: its stream reads what the load of its upload puts into the KV store, and kv_load: none loads nothing [stream-without-load]"},
		},
		"an upload that nobody decided to load": {
			map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, nil)}, func(s *Settings) { s.KVLoad = nil },
			[]string{"production/group_bys/pay/gb.v1: metaData.online: warning: its values are computed every day and never loaded into the KV store [kv-load-undecided]"},
		},
		"a stream through an offline join": {
			map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, through("pay.j.v1")), "joins/pay/j.v1": joinConf("pay.j.v1", nil, nil)}, nil,
			[]string{"production/group_bys/pay/gb.v1: sources[0].joinSource.join: warning: its stream goes through the join pay.j.v1, which is not online, so that its metadata never reaches the KV store [stream-through-offline-join]"},
		},
		"a stream through a join of nowhere": {
			map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, through("pay.gone.v1"))}, nil,
			[]string{"production/group_bys/pay/gb.v1: sources[0].joinSource.join: warning: its stream goes through the join pay.gone.v1, which is no conf of this repository, so that its metadata never reaches the KV store [stream-through-offline-join]"},
		},
		"a served join with an offline part": {
			map[string]object{"joins/pay/j.v1": served, "group_bys/pay/gb.v1": groupBy("pay.gb.v1", nil, nil)}, nil,
			[]string{"production/joins/pay/j.v1: joinParts[0].groupBy: warning: the join is served, and its part pay.gb.v1 is not online: it is never uploaded, so its values are missing from every answer [served-part-offline]"},
		},
		"a served join with a served part": {
			map[string]object{"joins/pay/j.v1": served, "group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, nil)}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSettings()
			if c.settings != nil {
				c.settings(&s)
			}
			var got []string
			for _, d := range build(t, testRepo(t, c.confs), s).Diagnostics {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachWaitNamesItsProducer(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{
		"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil),
		"joins/pay/j.v1":            needing("pay.j.v1", nil, "pay.pay_sq_v1/ds={{ ds }}", "raw.x/ds={{ ds }}"),
	})
	waits := findDAG(t, defs, "chronon_join_pay__j__v1").Tasks[0].Waits
	if waits[0].Producer != "pay.sq.v1" || waits[0].ProducedBy != stagingDAG || waits[1].Producer != "" || waits[1].ProducedBy != "" {
		t.Errorf("waits = %+v", waits)
	}
}

func TestALargeCircleIsToldOnce(t *testing.T) {
	t.Parallel()
	confs := map[string]object{}
	const names = "abcdefghijklmnopqrstuvwxyz"
	for i, name := range names {
		next := string(names[(i+1)%len(names)])
		confs["joins/pay/"+string(name)+".v1"] = needing("pay."+string(name)+".v1", nil, "pay.pay_"+next+"_v1/ds={{ ds }}")
	}
	found := build(t, testRepo(t, confs), testSettings()).Diagnostics
	if len(found) != 1 || found[0].Code != codeCycle || strings.Count(found[0].Message, "writes") != len(names) {
		t.Errorf("diagnostics = %v", found)
	}
}
