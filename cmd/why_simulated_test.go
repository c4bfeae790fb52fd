package cmd_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/cmd"
	"chrononctl/internal/demo/simulated"
	"chrononctl/internal/term"
)

// TestWhyOfTheSample asks what is behind a day whose sources have not landed, in the sample on a simulated Airflow of both versions, from the root of
// its repository: the way leads from a join through a staging query to the tables from outside.
func TestWhyOfTheSample(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "2.11"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			began := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
			var later atomic.Int64
			clock := func() time.Time { return began.Add(time.Duration(later.Load())) }
			d, err := simulated.Start(t.Context(), simulated.Options{Airflow: version, Days: 2, Generator: "test", Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := d.Stop(); err != nil {
					t.Error(err)
				}
			}()
			today := began.Truncate(24 * time.Hour)
			for _, dag := range []string{"chronon_staging_query_core", "chronon_join_ads__bidding__v1"} {
				_, err := d.Client.Trigger(t.Context(), airflowclient.TriggerRequest{
					DAGID: dag, RunID: "today", LogicalDate: today, IntervalFrom: today, IntervalTo: today.Add(24 * time.Hour),
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			later.Store(int64(time.Minute))
			d.Airflow.Live()
			ask := func(args ...string) string {
				var out, errors bytes.Buffer
				code := cmd.Main(context.Background(), cmd.Process{
					Args: args, Streams: term.Streams{Out: &out, Err: &errors}, Dir: d.Repo, Now: clock,
					Getenv: func(name string) string { return map[string]string{"CHRONONCTL_CONFIG": d.ContextFile()}[name] },
				})
				if code != 0 || errors.Len() > 0 {
					t.Errorf("%v ended with %d: %s", args, code, errors.String())
				}
				return out.String()
			}
			text := ask("why", "ads.bidding.v1", "-o", "text")
			for _, line := range []string{
				"◌ ads.bidding.v1 backfill waits for 2026-11-23",
				"  ◌ core.core_customers_v1/ds=2026-11-23 is not there",
				"    ◌ core.customers.v1 backfill waits for 2026-11-23",
				"      ◌ data.signups/ds=2026-11-23 is not there; it comes from outside",
				"◌ data.signups/ds=2026-11-23 is not there",
				"    known by  no conf that is known here writes data.signups; the sensors that look for it do not see it",
			} {
				if !strings.Contains(text, "\n"+line) {
					t.Errorf("%q is not said in\n%s", line, text)
				}
			}
			if names := ask("why", "data.signups", "-o", "name"); names != "partition:data.signups/ds=2026-11-23\n" {
				t.Errorf("behind data.signups is %q", names)
			}
			if all := ask("why"); !strings.Contains(all, "stream\trestarted\tsearch.listing_clicks.v1") || !strings.Contains(all, "feature\tbreach\tpayments.checkout.v1") {
				t.Errorf("of the sample it says\n%s", all)
			}
		})
	}
}
