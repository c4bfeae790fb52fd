package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chrononctl/dagspec"
	"chrononctl/internal/action"

	tea "charm.land/bubbletea/v2"
)

// What the palette calls confs by: the names that the picture has, each for what can be done with its conf.

// kindsOfConf are the kinds of conf whose tables the kinds of DAG fill.
var kindsOfConf = map[dagspec.Kind]action.ConfKind{
	dagspec.KindJoin: action.JoinConf, dagspec.KindBatch: action.GroupByConf, dagspec.KindStagingQuery: action.StagingQuery,
}

// backfillable are the confs whose days can be computed anew, with the kinds of conf that have the name.
func (s *shell) backfillable() map[string][]action.ConfKind {
	snap, _ := s.snapshot()
	confs := make(map[string][]action.ConfKind)
	add := func(name string, kind action.ConfKind) {
		if name != "" && !slices.Contains(confs[name], kind) {
			confs[name] = append(confs[name], kind)
		}
	}
	for _, d := range snap.DAGs {
		if d.Kind == dagspec.KindJoin {
			add(d.Join, action.JoinConf)
		}
	}
	for _, o := range snap.Outputs {
		d, _ := findDAG(snap, o.DAGID)
		kind, known := kindsOfConf[d.Kind]
		if known && o.Mode != dagspec.ModeUpload && o.Mode != dagspec.ModeKVLoad {
			add(o.Conf, kind)
		}
	}
	return confs
}

// backfillNames are the names of what can be computed anew.
func (s *shell) backfillNames() []string {
	var names []string
	for name := range s.backfillable() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// streamNames are the streaming GroupBys.
func (s *shell) streamNames() []string {
	snap, _ := s.snapshot()
	names := make([]string, len(snap.Streams))
	for i, st := range snap.Streams {
		names[i] = st.GroupBy
	}
	return names
}

// uploadNames are the GroupBys that are uploaded.
func (s *shell) uploadNames() []string {
	snap, _ := s.snapshot()
	names := s.streamNames()
	for _, o := range snap.Outputs {
		if o.Mode == dagspec.ModeUpload {
			names = append(names, o.Conf)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// confNamed finds among names the one that is meant: the whole of it, or a part that only one has.
func confNamed(name string, names []string) (string, error) {
	if slices.Contains(names, name) {
		return name, nil
	}
	var found []string
	for _, n := range names {
		if strings.Contains(n, name) {
			found = append(found, n)
		}
	}
	return only(name, "conf", found)
}

// withConf finds the conf that the first of at most so many arguments names.
func withConf(names, args []string, most int, do func(conf string) tea.Cmd) (tea.Cmd, error) {
	if len(args) < 1 || len(args) > most {
		return nil, errors.New("name one conf")
	}
	conf, err := confNamed(args[0], names)
	if err != nil {
		return nil, err
	}
	return do(conf), nil
}

// kindFlag says what kind of conf a name stands for, as on a command line.
const kindFlag = "--kind"

// cutKind takes "--kind KIND" or "--kind=KIND" out of the words of a command.
func cutKind(words []string) (kind action.ConfKind, rest []string, err error) {
	for i := 0; i < len(words); i++ {
		value, isKind := strings.CutPrefix(words[i], kindFlag+"=")
		switch {
		case words[i] == kindFlag && i+1 < len(words):
			i++
			value = words[i]
		case words[i] == kindFlag: // and nothing behind it
			value = ""
		case !isKind:
			rest = append(rest, words[i])
			continue
		}
		if kind = action.ConfKind(value); !slices.Contains(action.ConfKinds(), kind) {
			return "", nil, fmt.Errorf("%s %q: must be one of %s", kindFlag, value, strings.Join(kindWords(action.ConfKinds()), ", "))
		}
	}
	return kind, rest, nil
}

func kindWords(kinds []action.ConfKind) []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return words
}

// completeBackfill proposes confs, and where several have the name, or a dash asks for it, what kind of conf is meant.
func (s *shell) completeBackfill(args []string) []string {
	before, last := args[:len(args)-1], args[len(args)-1]
	conf, flagged := "", false
	for i := 0; i < len(before); i++ {
		switch {
		case before[i] == kindFlag:
			flagged = true
			i++ // what is behind it
		case conf == "":
			conf = before[i]
		}
	}
	kinds := s.backfillable()[conf]
	switch asked := strings.HasPrefix(last, "-"); {
	case len(before) > 0 && before[len(before)-1] == kindFlag && len(kinds) > 0:
		return kindWords(kinds)
	case len(before) > 0 && before[len(before)-1] == kindFlag:
		return kindWords(action.ConfKinds())
	case conf == "" && !asked:
		return s.backfillNames()
	case flagged, len(kinds) < 2 && !asked:
		return nil
	}
	return []string{kindFlag}
}

func (s *shell) commandBackfill(words []string) (tea.Cmd, error) {
	kind, args, err := cutKind(words)
	if err != nil {
		return nil, err
	}
	from, to := "", ""
	if len(args) > 1 {
		var found bool
		if from, to, found = strings.Cut(args[1], ".."); !found {
			to = from
		}
		if err := errors.Join(aDay(from), aDay(to)); err != nil {
			return nil, fmt.Errorf("%q is no range of days: write 2026-11-01..2026-11-20", args[1])
		}
	}
	return withConf(s.backfillNames(), args, 2, func(conf string) tea.Cmd {
		if from == "" {
			return s.open(s.daysForm(kind, []string{conf}, "", ""))
		}
		return s.plan("Backfill "+conf, Request{Verb: action.Backfill, Confs: []string{conf}, Kind: kind, From: from, To: to})
	})
}
