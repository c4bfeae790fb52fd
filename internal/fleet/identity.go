package fleet

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// What the tags of a generated DAG say (dagspec): that it is Chronon's, and what it is for.
const (
	tagOurs = dagspec.Tag
	tagKind = dagspec.TagKind
	tagTeam = dagspec.TagTeam
	tagJoin = dagspec.TagJoin
)

// identity is what a DAG is for: of which kind and team, and of which join where it belongs to one.
type identity struct {
	kind dagspec.Kind
	team string
	join string
}

// identify reads a DAG's tags. What they leave open, its id tells by the naming templates: a join's full name may be too long for a tag, and
// DAGs that came from elsewhere carry only the tag chronon.
func identify(id string, tags []string, names namer) identity {
	told := identity{
		kind: dagspec.Kind(tagValue(tags, tagKind)),
		team: tagValue(tags, tagTeam),
		join: tagValue(tags, tagJoin),
	}
	if told.kind != "" && told.team != "" && (told.join != "" || !names.joins(told.kind)) {
		return told // most DAGs, at each look
	}
	guess := names.read(id, told.kind)
	who := identity{
		kind: cmp.Or(told.kind, guess.kind),
		join: cmp.Or(told.join, guess.join),
		team: cmp.Or(told.team, guess.team),
	}
	if who.team == "" {
		who.team, _, _ = strings.Cut(who.join, ".")
	}
	return who
}

// tagValue is what follows the prefix in the first tag, by name, that has it.
func tagValue(tags []string, prefix string) string {
	first := ""
	for _, tag := range tags {
		if len(tag) > len(prefix) && strings.HasPrefix(tag, prefix) && (first == "" || tag < first) {
			first = tag
		}
	}
	return strings.TrimPrefix(first, prefix)
}

// namer reads DAG ids back into what they were made from.
type namer []idPattern

type idPattern struct {
	kind  dagspec.Kind
	id    *regexp.Regexp
	fixed int // characters that every such id has; the more, the surer the match
}

// newNamer takes the DAG id templates of the namings; more than one may be in use on a server. The surest patterns come first.
func newNamer(namings ...dagspec.Naming) namer {
	var n namer
	for _, naming := range namings {
		for _, kind := range slices.Sorted(maps.Keys(naming)) {
			n = append(n, newIDPattern(kind, naming[kind]))
		}
	}
	slices.SortStableFunc(n, func(a, b idPattern) int { return b.fixed - a.fixed })
	return n
}

// presetNamer knows the ids of both presets of dagspec.
func presetNamer() namer {
	var known []dagspec.Naming
	for _, preset := range []string{"docs", "boilerplate"} {
		if naming, ok := dagspec.NamingPreset(preset); ok {
			known = append(known, naming)
		}
	}
	return newNamer(known...)
}

func newIDPattern(kind dagspec.Kind, template string) idPattern {
	fixed := strings.NewReplacer("{team}", "", "{join}", "").Replace(template)
	quoted := strings.NewReplacer(`\{team\}`, `(?P<team>.+)`, `\{join\}`, `(?P<join>.+)`).Replace(regexp.QuoteMeta(template))
	return idPattern{kind: kind, id: regexp.MustCompile("^" + quoted + "$"), fixed: len(fixed)}
}

// joins tells whether an id of that kind may name a join.
func (n namer) joins(kind dagspec.Kind) bool {
	return slices.ContainsFunc(n, func(p idPattern) bool { return p.kind == kind && p.id.SubexpIndex("join") > 0 })
}

// read finds what the id was made from. A kind that is known already leaves only its own templates.
func (n namer) read(id string, kind dagspec.Kind) identity {
	for _, p := range n {
		if kind != "" && p.kind != kind {
			continue
		}
		m := p.id.FindStringSubmatch(id)
		if m == nil {
			continue
		}
		who := identity{kind: p.kind}
		if i := p.id.SubexpIndex("team"); i > 0 {
			who.team = m[i]
		}
		if i := p.id.SubexpIndex("join"); i > 0 {
			who.join = strings.ReplaceAll(m[i], "__", ".")
			who.team, _, _ = strings.Cut(who.join, ".")
		}
		return who
	}
	return identity{}
}
