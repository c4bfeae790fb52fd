package dagspec

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// namePattern is what a conf's name may look like to be a part of paths and of run.py's command line, which splits on spaces.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_~+@%=,:-]*(\.[A-Za-z0-9_~+@%=,:-]+)+$`)

const recompileHint = "compile the conf again with chronon's compile.py, or remove the file"

// checkConf reports what is wrong with one decoded conf by itself, and sets its name.
func checkConf(c *Conf, repo *Repo, found *findings) {
	shapeOK := !found.failed()
	meta := c.doc.Meta
	if meta == nil {
		found.err(codeNameMissing, "metaData", "is missing: this is no compiled conf", recompileHint)
		return
	}
	if shapeOK {
		checkType(c, found)
	}
	checkName(c, repo, found)
	checkMeta(meta, "metaData", c.Type, repo, found)
	if meta.OutputNamespace.value == "" && meta.OutputNamespace.bad == "" {
		found.err(codeNamespace, "metaData.outputNamespace", "is missing, so the conf's tables have no place",
			"give the team a namespace in teams.json and compile again")
	} else if ns := meta.OutputNamespace.value; ns != "" && !tablePattern.MatchString("x."+ns) {
		found.err(codeFieldValue, "metaData.outputNamespace", fmt.Sprintf("%q cannot be a namespace", ns), "use letters, digits and _")
	}
	if found.failed() && !shapeOK {
		return // what is missing may be what could not be decoded
	}
	switch c.Type {
	case TypeStagingQuery:
		checkDate(c.doc.StartPartition, "startPartition", repo, found)
	case TypeGroupBy:
		checkGroupBy(&c.doc, repo, found)
	case TypeJoin:
		checkJoin(&c.doc, repo, found)
	}
}

// typeOf is what a conf's fields say that it is.
func (d *document) typeOf() (ConfType, bool) {
	switch {
	case d.Left != nil || d.JoinParts != nil:
		return TypeJoin, true
	case d.Sources != nil || d.KeyColumns.values != nil:
		return TypeGroupBy, true
	case d.Query.value != "":
		return TypeStagingQuery, true
	default:
		return "", false
	}
}

func checkType(c *Conf, found *findings) {
	kind, ok := c.doc.typeOf()
	switch {
	case !ok:
		found.err(codeWrongType, "", "is neither StagingQuery nor GroupBy nor Join: it has no query, no sources and no left", recompileHint)
	case kind != c.Type:
		found.err(codeWrongType, "", fmt.Sprintf("holds a %s in the folder of %s", kind.label(), c.Type), fmt.Sprintf("move it to %s/", kind))
	}
}

// checkName holds the conf's name against its file: compile.py writes <team>.<rest> to <team>/<rest>, and run.py finds the team by the folder.
func checkName(c *Conf, repo *Repo, found *findings) {
	meta := c.doc.Meta
	name := meta.Name
	byFile := c.Team + "." + path.Base(c.File)
	switch {
	case name.bad != "":
		found.err(codeFieldType, "metaData.name", "cannot be "+name.bad, recompileHint)
	case name.value == "":
		found.err(codeNameMissing, "metaData.name", "is missing", recompileHint)
	case name.value != byFile:
		found.err(codeNameMismatch, "metaData.name", fmt.Sprintf("%q does not match the file, which belongs to %q", name.value, byFile),
			fmt.Sprintf("move the file to %s/%s, or compile again", c.Type, strings.Replace(name.value, ".", "/", 1)))
	case !namePattern.MatchString(name.value):
		found.err(codeNameUnusable, "metaData.name", fmt.Sprintf("%q cannot be part of a path and of run.py's command line", name.value),
			"use letters, digits, _ and - between the dots")
	}
	c.Name = name.value
	if !repo.unusable && !repo.teams.has(c.Team) {
		found.err(codeTeamUnknown, "metaData.team", fmt.Sprintf("team %q has no section in teams.json%s", c.Team, nearestTeam(c.Team, &repo.teams)),
			"add the team to teams.json, or move the conf to its team's folder")
	}
	switch {
	case meta.Team.bad != "":
		found.err(codeFieldType, "metaData.team", "cannot be "+meta.Team.bad, recompileHint)
	case meta.Team.value != "" && meta.Team.value != c.Team:
		found.warn(codeTeamMismatch, "metaData.team", fmt.Sprintf("%q is not the folder's team %q, whose settings the jobs take", meta.Team.value, c.Team),
			"compile the conf again")
	}
}

// nearestTeam offers a team of teams.json that differs by letter case or separators alone.
func nearestTeam(team string, t *teams) string {
	fold := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	var near []string
	for name := range t.sections {
		if fold(name) == fold(team) {
			near = append(near, name)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf(", which has %q", slices.Min(near))
}

// checkMeta reports fields of metadata that cannot be read. at is the path of the metadata in its file.
func checkMeta(m *metaData, at string, kind ConfType, repo *Repo, found *findings) {
	for _, field := range []struct{ name, bad string }{
		{"outputNamespace", m.OutputNamespace.bad}, {"online", m.Online.bad}, {"offlineSchedule", m.OfflineSchedule.bad},
		{"historicalBackfill", m.HistoricalBackfill.bad}, {"deprecationDate", m.DeprecationDate.bad}, {"samplePercent", m.SamplePercent.bad},
		{"consistencySamplePercent", m.ConsistencySamplePercent.bad}, {"dependencies", m.Dependencies.bad},
	} {
		if field.bad != "" {
			found.err(codeFieldType, at+"."+field.name, "cannot be "+field.bad, recompileHint)
		}
	}
	checkCustomJSON(&m.CustomJSON, at+".customJson", found)
	m.ModeToEnv.check(at+".modeToEnvMap", found)
	switch s, err := parseSchedule(m.OfflineSchedule.value); {
	case err != nil:
		found.err(codeSchedule, at+".offlineSchedule", err.Error(), "write five cron fields, @daily, @weekly or @never")
	case s.subDaily():
		found.warn(codeSubDaily, at+".offlineSchedule", fmt.Sprintf("%q runs more than once a day, and Chronon's jobs compute whole days", m.OfflineSchedule.value),
			"write a daily schedule")
	}
	if m.DeprecationDate.value != "" {
		if _, err := parseAnyDay(m.DeprecationDate.value, isoLayout); err != nil {
			found.err(codeDate, at+".deprecationDate", err.Error(), "write the day as YYYY-MM-DD")
		} else {
			found.warn(codeDeprecated, at+".deprecationDate", "the conf is deprecated as of "+m.DeprecationDate.value+" and still scheduled",
				"remove the conf when nobody needs it any more")
		}
	}
	m.needs = checkDependencies(m.Dependencies, at, kind, repo, found)
}

func checkCustomJSON(c *customJSON, at string, found *findings) {
	if c.bad != "" {
		found.err(codeCustomJSON, at, "cannot be read: "+c.bad, recompileHint)
	}
	lag := c.Lag
	if lag.bad != "" || lag.value < 0 || lag.value > 3650 || lag.value != float64(int(lag.value)) {
		found.err(codeCustomJSON, at+".lag", "must be a number of days from 0 on", "write the lag in whole days")
	}
	if _, err := parseSchedule(c.UploadSchedule.value); err != nil || c.UploadSchedule.bad != "" {
		found.err(codeSchedule, at+".uploadSchedule", "is no schedule", "write @daily, @weekly, @monthly or @quarterly")
	}
	if c.AdditionalArgs.single || c.AdditionalArgs.bad != "" {
		found.err(codeArgument, at+".additional_args", "must be a list: run.py would take a string letter by letter", "write the arguments as a list of strings")
	}
	for i, argument := range c.AdditionalArgs.values {
		if len(strings.Fields(argument.value)) > 1 {
			found.warn(codeArgument, fmt.Sprintf("%s.additional_args[%d]", at, i),
				fmt.Sprintf("%q becomes several arguments: run.py splits them at white space, whatever the quotes", argument.value),
				"write one argument per entry, such as --step-days=30")
		}
	}
	if c.CheckConsistency.bad != "" {
		found.err(codeCustomJSON, at+".check_consistency", "must be true or false, and is "+c.CheckConsistency.bad, recompileHint)
	}
}

// checkDependencies understands the dependencies of a conf, and reports those that no wait can be made of. at is the path of their metadata.
func checkDependencies(listed texts, at string, kind ConfType, repo *Repo, found *findings) []dependency {
	var needs []dependency
	for i, raw := range listed.values {
		understood, problems := readDependency(raw, kind, &repo.teams.common)
		if understood != nil {
			understood.index = i
			needs = append(needs, *understood)
		}
		for _, p := range problems {
			place := fmt.Sprintf("%s.dependencies[%d]", at, i)
			if p.code == codeNoPartition || p.code == codeBareSpec {
				found.warn(p.code, place, p.message, p.hint)
			} else {
				found.err(p.code, place, p.message, p.hint)
			}
		}
	}
	return needs
}

func checkGroupBy(d *document, repo *Repo, found *findings) {
	if d.Accuracy.bad != "" || d.Accuracy.set && d.Accuracy.value != accuracyTemporal && d.Accuracy.value != accuracySnapshot {
		found.err(codeFieldValue, "accuracy", "must be 0 (TEMPORAL) or 1 (SNAPSHOT)", recompileHint)
	}
	checkDate(d.BackfillStartDate, "backfillStartDate", repo, found)
	if d.Incremental.value && (d.temporal() || !d.fromEvents()) {
		found.warn(codeIncremental, "isIncremental", "only SNAPSHOT values of events are computed incrementally: the job refuses this GroupBy",
			"set the accuracy to SNAPSHOT, or take is_incremental out")
	}
	if len(d.Sources) == 0 {
		found.err(codeFieldValue, "sources", "is empty: there is nothing to compute from", recompileHint)
	}
	for i := range d.Sources {
		checkSource(&d.Sources[i], "sources["+strconv.Itoa(i)+"]", repo, found)
	}
}

func checkJoin(d *document, repo *Repo, found *findings) {
	if d.Left == nil {
		found.err(codeFieldValue, "left", "is missing: there is nothing to join to", recompileHint)
	}
	checkSource(d.Left, "left", repo, found)
	if d.LabelPart != nil && d.LabelPart.Meta != nil {
		checkMeta(d.LabelPart.Meta, "labelPart.metaData", TypeJoin, repo, found)
	}
	for i, part := range d.JoinParts {
		checkPrefix(part.Prefix, fmt.Sprintf("joinParts[%d].prefix", i), found)
	}
	for i, part := range d.ExternalParts {
		checkPrefix(part.Prefix, fmt.Sprintf("onlineExternalParts[%d].prefix", i), found)
		if gb := part.Source.OfflineGroupBy; gb != nil && gb.Meta != nil {
			at := fmt.Sprintf("onlineExternalParts[%d].source.offlineGroupBy.metaData", i)
			gb.Meta.needs = checkDependencies(gb.Meta.Dependencies, at, TypeJoin, repo, found)
		}
	}
}

// checkPrefix reports a prefix that cannot be part of the names that Chronon makes of it, of a table and its columns and of an argument.
func checkPrefix(prefix text, at string, found *findings) {
	switch {
	case prefix.bad != "":
		found.err(codeFieldType, at, "cannot be "+prefix.bad, recompileHint)
	case prefix.value != "" && !columnPattern.MatchString(prefix.value):
		found.err(codeFieldValue, at, fmt.Sprintf("%q cannot be part of a table's and a column's name", prefix.value), "use letters, digits and _")
	}
}

func checkSource(s *source, at string, repo *Repo, found *findings) {
	if s == nil {
		return
	}
	var q *query
	var topic text
	switch {
	case s.Events != nil:
		q, topic, at = &s.Events.Query, s.Events.Topic, at+".events"
	case s.Entities != nil:
		q, topic, at = &s.Entities.Query, s.Entities.Topic, at+".entities"
	case s.Chained != nil:
		q, at = &s.Chained.Query, at+".joinSource"
	default:
		found.err(codeFieldValue, at, "is neither events nor entities nor joinSource", recompileHint)
		return
	}
	if topic.bad != "" {
		found.err(codeFieldType, at+".topic", "cannot be "+topic.bad, recompileHint)
	}
	checkDate(q.StartPartition, at+".query.startPartition", repo, found)
	checkDate(q.EndPartition, at+".query.endPartition", repo, found)
}

func checkDate(day text, at string, repo *Repo, found *findings) {
	if day.bad != "" {
		found.err(codeFieldType, at, "cannot be "+day.bad, "write the day as a string")
		return
	}
	if day.value == "" {
		return
	}
	if _, err := parseAnyDay(day.value, repo.teams.common.layout); err != nil {
		found.err(codeDate, at, err.Error(), "write the day as YYYY-MM-DD, or in PARTITION_FORMAT of teams.json")
	}
}

// parseAnyDay reads a day in the repository's layout, or as YYYY-MM-DD.
func parseAnyDay(s string, layout dayLayout) (Date, error) {
	if layout.layout != "" && layout != isoLayout {
		if t, err := time.Parse(layout.layout, s); err == nil {
			return DateOf(t), nil
		}
	}
	return ParseDate(s)
}
