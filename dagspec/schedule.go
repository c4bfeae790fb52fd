package dagspec

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	cronDaily = "0 0 * * *"
	never     = "@never"
)

// cronNames are the schedules that Airflow and Chronon know by name.
var cronNames = map[string]string{
	"@hourly":    "0 * * * *",
	"@daily":     cronDaily,
	"@midnight":  cronDaily,
	"@weekly":    "0 0 * * 0",
	"@monthly":   "0 0 1 * *",
	"@quarterly": "0 0 1 */3 *",
	"@yearly":    "0 0 1 1 *",
	"@annually":  "0 0 1 1 *",
}

// schedule is when a conf's batch jobs run.
type schedule struct {
	cron  string // five fields; daily for a conf that never runs
	never bool
}

// parseSchedule reads metaData.offlineSchedule. Nothing said means daily (utils.py, get_offline_schedule).
func parseSchedule(s string) (schedule, error) {
	fields := strings.Fields(s)
	switch {
	case len(fields) == 0:
		return schedule{cron: cronDaily}, nil
	case len(fields) == 1 && strings.EqualFold(fields[0], never):
		return schedule{cron: cronDaily, never: true}, nil
	case len(fields) == 1:
		if expression, ok := cronNames[strings.ToLower(fields[0])]; ok {
			return schedule{cron: expression}, nil
		}
		return schedule{}, fmt.Errorf("%q is no schedule", s)
	case len(fields) != 5:
		return schedule{}, fmt.Errorf("%q has %d fields instead of five", s, len(fields))
	}
	checked := parserCron(strings.Join(fields, " "))
	if strings.Contains(s, "?") || strings.Contains(s, "=") {
		return schedule{}, fmt.Errorf("%q is no schedule of five fields", s)
	}
	if _, err := cron.ParseStandard(checked); err != nil {
		return schedule{}, fmt.Errorf("%q is no schedule: %w", s, err)
	}
	return schedule{cron: strings.Join(fields, " ")}, nil
}

// parserCron is a schedule of five fields for the parser here, which unlike Airflow's croniter does not take 7 for Sunday.
func parserCron(expression string) string {
	at := strings.LastIndexByte(expression, ' ') + 1
	days := sundayPattern.ReplaceAllStringFunc(expression[at:], func(match string) string {
		switch {
		case strings.HasPrefix(match, "-"):
			return "-6,0"
		default:
			return match[:len(match)-1] + "0"
		}
	})
	return expression[:at] + days
}

var (
	sundayPattern = regexp.MustCompile(`(^|[,-])7\b`)
	oncePattern   = regexp.MustCompile(`^\d+ \d+ `)
)

// subDaily says whether the schedule has more than one run a day. Chronon's jobs compute days, so that the others have nothing to do.
func (s schedule) subDaily() bool { return !oncePattern.MatchString(s.cron) }

// everyCron is the schedule of a check that recurs after every, which must divide an hour or a day.
func everyCron(every time.Duration) (string, error) {
	minutes := int(every / time.Minute)
	switch {
	case every <= 0 || every%time.Minute != 0:
	case minutes == 1:
		return "* * * * *", nil
	case minutes < 60 && 60%minutes == 0:
		return fmt.Sprintf("*/%d * * * *", minutes), nil
	case minutes == 60:
		return "0 * * * *", nil
	case minutes%60 == 0 && minutes < 24*60 && 24%(minutes/60) == 0:
		return fmt.Sprintf("0 */%d * * *", minutes/60), nil
	case minutes == 24*60:
		return cronDaily, nil
	}
	return "", fmt.Errorf("%s does not divide an hour or a day evenly", every)
}
