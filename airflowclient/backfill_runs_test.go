package airflowclient_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// On Airflow 2 the dates of a backfill are worked out here, from whatever schedule the DAG has.
func TestPlanOfABackfillOnAirflow2FollowsTheSchedule(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		schedule string // and next interval and time zone, as Airflow 2 has them
		from, to string
		want     string // dates, or words of the error
	}{
		"a preset": {
			`"schedule_interval": {"__type": "CronExpression", "value": "@daily"}, "timezone": "UTC"`, "2024-01-02T00:00", "2024-01-03T00:00",
			"2024-01-02T00:00 2024-01-03T00:00",
		},
		"a cron expression that skips days": {
			`"schedule_interval": {"__type": "CronExpression", "value": "30 6 * * 1-5"}, "timezone": "UTC"`, "2024-01-05T00:00", "2024-01-09T00:00",
			"2024-01-05T06:30 2024-01-08T06:30",
		},
		"a day that is 23 hours long": {
			`"schedule_interval": {"__type": "CronExpression", "value": "0 0 * * *"}, "timezone": "America/New_York"`, "2024-03-09T00:00", "2024-03-12T00:00",
			"2024-03-09T05:00 2024-03-10T05:00 2024-03-11T04:00",
		},
		"a range that begins between two dates": {
			`"schedule_interval": {"__type": "CronExpression", "value": "0 0 * * *"}, "timezone": "UTC"`, "2024-01-02T10:00", "2024-01-04T10:00",
			"2024-01-03T00:00 2024-01-04T00:00",
		},
		"a time delta, on the grid of its intervals": {
			`"schedule_interval": {"__type": "TimeDelta", "days": 0, "seconds": 1200}, "timezone": "UTC",
				"next_dagrun_data_interval_start": "2024-02-01T00:05:00+00:00", "next_dagrun_data_interval_end": "2024-02-01T00:25:00+00:00"`,
			"2024-01-02T00:00", "2024-01-02T00:50", "2024-01-02T00:05 2024-01-02T00:25 2024-01-02T00:45",
		},
		"intervals that are not over": {
			`"schedule_interval": {"__type": "CronExpression", "value": "@daily"}, "timezone": "UTC"`, "2024-06-28T00:00", "2024-07-10T00:00",
			"2024-06-28T00:00 2024-06-29T00:00 2024-06-30T00:00",
		},
		"no schedule": {`"schedule_interval": null, "timezone": "UTC"`, "2024-01-02T00:00", "2024-01-03T00:00", "it has no schedule"},
		"a timetable of one's own": {
			`"schedule_interval": {"__type": "CronExpression", "value": "Moon phases"}, "timezone": "UTC"`, "2024-01-02T00:00", "2024-01-03T00:00", "are not known",
		},
		"a cron expression that is none": {
			`"schedule_interval": {"__type": "CronExpression", "value": "a b c d e"}, "timezone": "UTC"`, "2024-01-02T00:00", "2024-01-03T00:00", "is no cron expression",
		},
		"a time zone of Mars": {
			`"schedule_interval": {"__type": "CronExpression", "value": "@daily"}, "timezone": "Mars/Olympus"`, "2024-01-02T00:00", "2024-01-03T00:00", "is not known here",
		},
		"the future": {
			`"schedule_interval": {"__type": "CronExpression", "value": "@daily"}, "timezone": "UTC"`, "2034-01-02T00:00", "2034-01-03T00:00", "lies in the future",
		},
		"a century of minutes": {
			`"schedule_interval": {"__type": "CronExpression", "value": "* * * * *"}, "timezone": "UTC"`, "1924-01-02T00:00", "2024-01-03T00:00", "more than 10000 dates",
		},
		"the wrong way round": {`"timezone": "UTC"`, "2024-01-03T00:00", "2024-01-02T00:00", "ends before it begins"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV1, map[string]http.HandlerFunc{
				"GET /api/v1/dags/x/details":       answer(200, `{"dag_id": "x", `+test.schedule+`}`),
				"POST /api/v1/dags/~/dagRuns/list": answer(200, `{"dag_runs": [], "total_entries": 0}`),
			})
			now := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
			c := newClient(t, f, airflowclient.Config{Now: func() time.Time { return now }})
			dates, err := c.PlanBackfill(t.Context(), airflowclient.BackfillRequest{DAGID: "x", From: minute(t, test.from), To: minute(t, test.to)})
			if err != nil {
				if !airflowclient.IsInvalid(err) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				return
			}
			got := strings.Join(mapped(dates, func(d time.Time) string { return d.Format("2006-01-02T15:04") }), " ")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func minute(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
