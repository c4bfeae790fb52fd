package airflowtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word is what Airflow 2 or Airflow 3 calls a thing.
func (a *Airflow) word(v1, v2 string) string {
	if a.isV2 {
		return v2
	}
	return v1
}

// row is an object of an answer.
type row = map[string]any

// when is a time as an answer holds it: null where there is none; with an offset on Airflow 2, with Z on Airflow 3.
func (a *Airflow) when(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case a.isV2:
		return t.UTC().Format("2006-01-02T15:04:05.999999Z")
	}
	return pythonISO(t)
}

// pythonISO is datetime.isoformat() in UTC.
func pythonISO(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999-07:00") }

func pythonRepr(text string) string {
	quote := `'`
	if strings.Contains(text, `'`) && !strings.Contains(text, `"`) {
		quote = `"`
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\\' || string(c) == quote:
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ':
			b.WriteString(`\x` + strconv.FormatInt(int64(c)+0x100, 16)[1:])
		default:
			b.WriteRune(c)
		}
	}
	return quote + b.String() + quote
}

// query is the parameters of a GET. Airflow 2 refuses those that it does not know, Airflow 3 does not look at them.
func (a *Airflow) query(r *http.Request, known ...string) (url.Values, error) {
	q := r.URL.Query()
	if a.isV2 {
		return q, nil
	}
	var unknown []string
	for name := range q {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, badRequest("Extra query parameter(s) %s not in spec", strings.Join(unknown, ","))
	}
	return q, nil
}

// readBody reads the body of a request. Both versions refuse members that they do not know, each in its way.
func (a *Airflow) readBody(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	switch {
	case err == nil:
		return nil
	case !a.isV2:
		return badRequest("%v", err)
	}
	kind, message := "model_attributes_type", err.Error()
	if strings.Contains(message, "unknown field") {
		kind, message = "extra_forbidden", "Extra inputs are not permitted"
	}
	return invalid(kind, message, "body")
}

// invalid is FastAPI's list of validation errors.
func invalid(kind, message string, location ...any) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, detail: []row{{"type": kind, "loc": location, "msg": message, "input": nil}}}
}

// page is a part of a list.
type page struct{ limit, offset int }

// pageOf reads limit and offset of a GET. Longer pages than the cap are cut without a word.
func (a *Airflow) pageOf(q url.Values) (page, error) {
	p := page{limit: 100}
	if a.isV2 {
		p.limit = 50
	}
	for name, into := range map[string]*int{"limit": &p.limit, "offset": &p.offset} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 {
			return page{}, badRequest("%s: not a number", name)
		}
		*into = n
	}
	p.limit = min(p.limit, a.opts.PageCap)
	return p, nil
}

// cut takes the page out of all rows.
func cut[T any](all []T, p page) []T {
	from := min(p.offset, len(all))
	return all[from:min(from+p.limit, len(all))]
}

// collection is the answer of a list.
func collection[T any](name string, all []T, p page, render func(T) row) answer {
	rows := []row{}
	for _, item := range cut(all, p) {
		rows = append(rows, render(item))
	}
	return answer{body: row{name: rows, "total_entries": len(all)}}
}

// span is a range of time, both ends within; a zero end is open.
type span struct{ from, to time.Time }

// has reports whether a time is in the range. No time is in no range, as null in SQL.
func (s span) has(t time.Time) bool {
	if s.from.IsZero() && s.to.IsZero() {
		return true
	}
	return !t.IsZero() && !t.Before(s.from) && (s.to.IsZero() || !t.After(s.to))
}

// spanOf reads name_gte and name_lte.
func spanOf(q url.Values, name string) (span, error) {
	var s span
	for suffix, into := range map[string]*time.Time{"_gte": &s.from, "_lte": &s.to} {
		text := q.Get(name + suffix)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return s, badRequest("%s%s: not a date", name, suffix)
		}
		*into = at
	}
	return s, nil
}

// among reports whether a list of wanted values is empty or holds the value.
func among(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// like is Airflow's pattern for ids: ILIKE '%x%', in which "_" and "%" are wildcards.
func like(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	var match func(p, t string) bool
	match = func(p, t string) bool {
		switch {
		case p == "":
			return true
		case p[0] == '%' || p[0] == '~':
			for i := range len(t) + 1 {
				if match(p[1:], t[i:]) {
					return true
				}
			}
			return false
		case t == "":
			return false
		}
		return (p[0] == '_' || p[0] == t[0]) && match(p[1:], t[1:])
	}
	return match("%"+strings.ToLower(pattern), strings.ToLower(text))
}

var errSort = errors.New("unknown attribute")

// sortRuns orders runs by an attribute of the API, "-end_date"; equal ones by number. Runs without the date come last, as on PostgreSQL.
func sortRuns(runs []*run, by string) error {
	attribute, descending := strings.CutPrefix(by, "-")
	if !descending {
		attribute = strings.TrimPrefix(by, "+")
	}
	var dated func(*run) time.Time
	var compare func(x, y *run) int
	switch attribute {
	case "", "id":
		compare = func(x, y *run) int { return cmp.Compare(x.number, y.number) }
	case "dag_id":
		compare = func(x, y *run) int { return strings.Compare(x.dag, y.dag) }
	case "dag_run_id", "run_id":
		compare = func(x, y *run) int { return strings.Compare(x.id, y.id) }
	case "state":
		compare = func(x, y *run) int { return strings.Compare(x.state, y.state) }
	case "execution_date", "logical_date":
		dated = func(r *run) time.Time { return r.logical }
	case "run_after":
		dated = func(r *run) time.Time { return r.due }
	case "start_date":
		dated = func(r *run) time.Time { return r.start }
	case "end_date":
		dated = func(r *run) time.Time { return r.end }
	case "updated_at":
		dated = func(r *run) time.Time { return r.updated }
	default:
		return errSort
	}
	if dated != nil {
		compare = func(x, y *run) int { return nullsLast(dated(x), dated(y)) }
	}
	slices.SortStableFunc(runs, func(x, y *run) int {
		order := compare(x, y)
		if descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(x.number, y.number))
	})
	return nil
}

func nullsLast(x, y time.Time) int {
	switch {
	case x.IsZero() && y.IsZero():
		return 0
	case x.IsZero():
		return 1
	case y.IsZero():
		return -1
	}
	return x.Compare(y)
}
