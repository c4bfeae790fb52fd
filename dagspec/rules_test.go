package dagspec

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseSchedule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in       string
		cron     string
		never    bool
		subDaily bool
	}{
		"nothing said is daily":       {in: "", cron: "0 0 * * *"},
		"never":                       {in: "@never", cron: "0 0 * * *", never: true},
		"a name":                      {in: "@weekly", cron: "0 0 * * 0"},
		"a name in capitals":          {in: "@Daily", cron: "0 0 * * *"},
		"quarterly, of uploads":       {in: "@quarterly", cron: "0 0 1 */3 *"},
		"five fields":                 {in: "30 6 * * 1-5", cron: "30 6 * * 1-5"},
		"white space is made even":    {in: "  0  7 * *  2 ", cron: "0 7 * * 2"},
		"Sunday as seven":             {in: "0 0 * * 7", cron: "0 0 * * 7"},
		"Sunday as the end of a week": {in: "0 0 * * 1-7", cron: "0 0 * * 1-7"},
		"hourly is more than daily":   {in: "@hourly", cron: "0 * * * *", subDaily: true},
		"twice a day is as well":      {in: "0 0,12 * * *", cron: "0 0,12 * * *", subDaily: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseSchedule(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got.cron != c.cron || got.never != c.never || got.subDaily() != c.subDaily {
				t.Errorf("parseSchedule(%q) = %+v, more than daily %v; want %+v", c.in, got, got.subDaily(), c)
			}
		})
	}
	for _, bad := range []string{"every day", "@fortnightly", "0 0 * *", "0 0 0 * * *", "60 0 * * *", "0 0 * * 70", "CRON_TZ=UTC 0 0 * *", "0 0 ? * *", "@every 5m"} {
		if got, err := parseSchedule(bad); err == nil {
			t.Errorf("parseSchedule(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestEveryCron(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]string{
		time.Minute: "* * * * *", 15 * time.Minute: "*/15 * * * *", time.Hour: "0 * * * *", 6 * time.Hour: "0 */6 * * *", 24 * time.Hour: "0 0 * * *",
	} {
		if got, err := everyCron(every); err != nil || got != want {
			t.Errorf("everyCron(%s) = %q, %v; want %q", every, got, err, want)
		}
	}
	for _, every := range []time.Duration{0, -time.Minute, 7 * time.Minute, 90 * time.Second, 5 * time.Hour, 48 * time.Hour} {
		if got, err := everyCron(every); err == nil {
			t.Errorf("everyCron(%s) = %q, want an error", every, got)
		}
	}
}

func day(shift int, layout string) Arg { return Arg{Day: &Day{Shift: shift, Layout: layout}} }

func TestParseSpec(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec string
		want Partition
	}{
		"a day":              {"ns.t/ds={{ ds }}", Partition{"ns.t", []Field{{"ds", []Arg{day(0, "")}}}}},
		"without spaces":     {"ns.t/ds={{ds}}", Partition{"ns.t", []Field{{"ds", []Arg{day(0, "")}}}}},
		"a lag":              {"ns.t/ds={{ macros.ds_add(ds, -2) }}", Partition{"ns.t", []Field{{"ds", []Arg{day(-2, "")}}}}},
		"a day without dash": {"ns.t/dt={{ ds_nodash }}", Partition{"ns.t", []Field{{"dt", []Arg{day(0, "%Y%m%d")}}}}},
		"a formatted day": {
			`ns.t/dt={{ macros.ds_format(ds, "%Y-%m-%d", "%Y%m%d") }}`, Partition{"ns.t", []Field{{"dt", []Arg{day(0, "%Y%m%d")}}}},
		},
		"a formatted day with a lag": {
			`ns.t/dt={{ macros.ds_format(macros.ds_add(ds, -1), '%Y-%m-%d', '%d.%m.%Y') }}`, Partition{"ns.t", []Field{{"dt", []Arg{day(-1, "%d.%m.%Y")}}}},
		},
		"a sub-partition": {
			"ns.t/ds={{ ds }}/system=mobile", Partition{"ns.t", []Field{{"ds", []Arg{day(0, "")}}, {"system", []Arg{{Text: "mobile"}}}}},
		},
		"text around a day":        {"ns.t/ts={{ ds }}T00", Partition{"ns.t", []Field{{"ts", []Arg{day(0, ""), {Text: "T00"}}}}}},
		"a fixed partition":        {"ns.t/version=3", Partition{"ns.t", []Field{{"version", []Arg{{Text: "3"}}}}}},
		"a table of a catalog":     {"cat.ns.t/ds={{ ds }}", Partition{"cat.ns.t", []Field{{"ds", []Arg{day(0, "")}}}}},
		"quotes are only text":     {`ns.t/x="'\`, Partition{"ns.t", []Field{{"x", []Arg{{Text: `"'\`}}}}}},
		"an equals sign in a text": {"ns.t/x=a=b", Partition{"ns.t", []Field{{"x", []Arg{{Text: "a=b"}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := parseSpec(c.spec)
			if problem != nil {
				t.Fatalf("parseSpec(%q): %s", c.spec, problem.message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("parseSpec(%q) (-want +got):\n%s", c.spec, diff)
			}
		})
	}
}

func TestParseSpecRefuses(t *testing.T) {
	t.Parallel()
	for spec, code := range map[string]string{
		"data.users":                              codeNoPartition,
		"":                                        codeDependency,
		"users/ds={{ ds }}":                       codeDependency,
		"a.b.c.d/ds={{ ds }}":                     codeDependency,
		"{{ ds }}":                                codeDependency,
		"ns.t/{{ ds }}":                           codeDependency,
		"ns.t/ds=":                                codeDependency,
		"ns.t//ds={{ ds }}":                       codeDependency,
		"ns.t/d s={{ ds }}":                       codeDependency,
		"ns.t/ds={{ next_ds }}":                   codeTemplate,
		"ns.t/ds={{ ds":                           codeTemplate,
		"ns.t/ds=ds }}":                           codeTemplate,
		"ns.t/ds={% if 1 %}{{ ds }}{% endif %}":   codeTemplate,
		"ns.t/ds={{ ds }}{# hm #}":                codeTemplate,
		"ns.t/ds={{ macros.ds_add(ds, -99e9) }}":  codeTemplate,
		"ns.t/ds={{ ds.__class__ }}":              codeTemplate,
		"ns.t/ds={{ var.value.x }}":               codeTemplate,
		"{{ db }}.t/ds={{ ds }}":                  codeTemplate,
		"ns.t/x=a\nb":                             codeTemplate,
		"ns.t/x={{ macros.ds_format(ds, '', '')}": codeTemplate,
		"ns.t/x={{ macros.ds_format(ds, '%d', '%Y') }}":       codeTemplate,
		"ns.t/x={{ macros.ds_format(ds, '%Y-%m-%d', '%s') }}": codeTemplate,
	} {
		if got, problem := parseSpec(spec); problem == nil || problem.code != code {
			t.Errorf("parseSpec(%q) = %+v, %v; want %s", spec, got, problem, code)
		}
	}
}

func TestSpecOfPartitionIsReadBack(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"ns.t/ds={{ ds }}", "ns.t/ds={{ macros.ds_add(ds, -2) }}", "ns.t/ds={{ ds_nodash }}/x=y",
		"ns.t/ds={{ macros.ds_format(macros.ds_add(ds, 1), '%Y-%m-%d', '%Y%m%d') }}",
	} {
		partition, problem := parseSpec(spec)
		if problem != nil {
			t.Fatal(problem.message)
		}
		if got := partition.Spec(); got != spec {
			t.Errorf("%q became %q", spec, got)
		}
	}
}

func TestLayoutOfJava(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"yyyy-MM-dd": "%Y-%m-%d", "yyyyMMdd": "%Y%m%d", "dd.MM.yyyy": "%d.%m.%Y"} {
		if got, ok := layoutOfJava(format); !ok || got.strftime != want {
			t.Errorf("layoutOfJava(%q) = %+v, %v; want %q", format, got, ok, want)
		}
	}
	for _, format := range []string{"", "yyyy-MM", "yyyy-MM-dd-dd", "yyyy-MM-dd HH", "YYYY-MM-DD", "yyyy/MM/dd"} {
		if got, ok := layoutOfJava(format); ok {
			t.Errorf("layoutOfJava(%q) = %+v, want none", format, got)
		}
	}
}

func TestTableNames(t *testing.T) {
	t.Parallel()
	c := Conf{Name: "pay.card-spend.v1", Team: "pay"}
	c.doc.Meta = &metaData{OutputNamespace: text{value: "ns"}}
	if got, want := c.table(), "ns.pay_card_spend_v1"; got != want {
		t.Errorf("table() = %q, want %q", got, want)
	}
	if got, want := c.kvDataset(), "PAY_CARD_SPEND_V1_BATCH"; got != want {
		t.Errorf("kvDataset() = %q, want %q", got, want)
	}
	part := joinPart{Prefix: text{value: "p"}, GroupBy: &embeddedGB{Meta: &embeddedMeta{Name: text{value: "other.gb.v2"}}}}
	if got, want := c.joinPartTable(part), "ns.pay_card_spend_v1_p_other_gb_v2"; got != want {
		t.Errorf("joinPartTable() = %q, want %q", got, want)
	}
}
