package dagspec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// teamsFile is the file at the root of a Chronon repository that names its teams.
const teamsFile = "teams.json"

// defaultTeam is the section of teams.json that every team falls back to.
const defaultTeam = "default"

// teams is teams.json.
type teams struct {
	sections map[string]json.RawMessage
	confs    map[string]teamConf
	common   commonEnv
	parts    map[string][]byte // by team, see part
	sums     map[string]string // of the parts
}

// teamConf is what a section of teams.json says about a team's DAGs. The keys are those that Chronon's Airflow code reads (airflow/helpers.py,
// task_default_args).
type teamConf struct {
	Owner     text  `json:"team_name"`
	Queue     text  `json:"airflow_queue"`
	User      text  `json:"user"`
	Emails    texts `json:"maintainer_emails"`
	StartDate text  `json:"dag_start_date"`
	// Production is what the jobs of each mode get (run.py, with --env production).
	Production envByMode `json:"production"`

	start Date
}

// commonEnv is default.common_env, as far as it shapes tables and arguments.
type commonEnv struct {
	PartitionColumn text `json:"PARTITION_COLUMN"`
	PartitionFormat text `json:"PARTITION_FORMAT"` // Java's SimpleDateFormat
	LogTable        text `json:"CHRONON_LOG_TABLE"`
	SchemaTable     text `json:"CHRONON_SCHEMA_TABLE"`

	layout dayLayout
}

// loadTeams reads teams.json. ok is false when nothing can be said about any team.
func loadTeams(fsys fs.FS, found *findings) (t teams, ok bool) {
	raw, err := fs.ReadFile(fsys, teamsFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			found.err(codeTeamsMissing, "", "there is no teams.json at the root of the repository",
				"name the folder that holds teams.json and the compiled confs, with --repo")
		} else {
			found.err(codeTeamsMissing, "", "cannot be read: "+err.Error(), "make the file readable")
		}
		return teams{common: defaultEnv()}, false
	}
	if !utf8.Valid(raw) {
		found.err(codeTeamsNotJSON, "", "is not UTF-8", "save the file as UTF-8")
		return teams{common: defaultEnv()}, false
	}
	if err := json.Unmarshal(raw, &t.sections); err != nil || t.sections == nil {
		message := "must hold an object with a section per team"
		if err != nil {
			message = jsonProblem(raw, err)
		}
		found.err(codeTeamsNotJSON, "", message, "mend the file: every conf needs its team's section")
		return teams{common: defaultEnv()}, false
	}
	t.readSections(found)
	t.readCommonEnv(found)
	t.parts, t.sums = make(map[string][]byte, len(t.sections)), make(map[string]string, len(t.sections))
	for name := range t.sections {
		t.parts[name] = t.partOf(name)
		t.sums[name] = sumOf(t.parts[name])[:sumLength]
	}
	return t, true
}

func (t *teams) readSections(found *findings) {
	t.confs = make(map[string]teamConf, len(t.sections))
	for name, raw := range t.sections {
		var conf teamConf
		if raw[0] != '{' {
			found.err(codeTeamsValue, name, "must be an object, and is "+cmpMisfit(raw), "write the team's settings as { ... }")
		} else if err := json.Unmarshal(raw, &conf); err != nil {
			found.err(codeTeamsValue, name, err.Error(), "mend the team's section")
		}
		conf.check(name, found)
		t.confs[name] = conf
	}
}

// check reports what cannot be used, and clears it so that the default takes its place.
func (c *teamConf) check(name string, found *findings) {
	for key, value := range map[string]*text{"team_name": &c.Owner, "airflow_queue": &c.Queue, "user": &c.User, "dag_start_date": &c.StartDate} {
		if value.bad != "" {
			found.err(codeTeamsValue, name+"."+key, "must be a string, and is "+value.bad, "put the value in quotes")
		}
	}
	for key, value := range map[string]*text{"airflow_queue": &c.Queue, "user": &c.User} {
		if strings.HasPrefix(value.value, "#") || strings.ContainsFunc(value.value, unicode.IsSpace) {
			found.warn(codeTeamsValue, name+"."+key, fmt.Sprintf("%q is no name and is not used", value.value), "write the name, or take the key out")
			value.value = ""
		}
	}
	if c.StartDate.value != "" {
		start, err := ParseDate(c.StartDate.value)
		if err != nil {
			found.err(codeDate, name+".dag_start_date", err.Error(), "write the day as YYYY-MM-DD")
		}
		c.start = start
	}
	c.Production.check(name+".production", found)
	if c.Emails.bad != "" {
		found.err(codeTeamsValue, name+".maintainer_emails", "must be a list of addresses, and is "+c.Emails.bad, "write [\"a@example.com\"]")
	}
	c.Emails.values = slices.DeleteFunc(c.Emails.values, func(t text) bool { return !strings.Contains(t.value, "@") })
}

func (t *teams) readCommonEnv(found *findings) {
	t.common = defaultEnv()
	var section struct {
		CommonEnv *commonEnv `json:"common_env"`
	}
	if raw, ok := t.sections[defaultTeam]; ok && raw[0] == '{' {
		if err := json.Unmarshal(raw, &section); err != nil {
			found.err(codeTeamsValue, "default.common_env", err.Error(), "write an object of strings")
		}
	}
	if section.CommonEnv != nil {
		t.common = *section.CommonEnv
		t.common.layout = isoLayout
	}
	env := &t.common
	if env.PartitionColumn.value == "" {
		env.PartitionColumn.value = "ds"
	}
	if format := env.PartitionFormat.value; format != "" {
		layout, ok := layoutOfJava(format)
		if !ok {
			found.err(codeTeamsFormat, "default.common_env.PARTITION_FORMAT", fmt.Sprintf("%q is no format of a day that can be translated", format),
				"use yyyy, MM and dd with separators, such as yyyy-MM-dd")
			layout = isoLayout
		}
		env.layout = layout
	}
	for key, value := range map[string]*text{"CHRONON_LOG_TABLE": &env.LogTable, "CHRONON_SCHEMA_TABLE": &env.SchemaTable} {
		if value.value != "" && !tablePattern.MatchString(value.value) {
			found.err(codeTeamsValue, "default.common_env."+key, fmt.Sprintf("%q is no table name", value.value), "write namespace.table")
			value.value = ""
		}
	}
}

// defaultEnv is what holds where default.common_env says nothing.
func defaultEnv() commonEnv {
	return commonEnv{PartitionColumn: text{value: "ds"}, layout: isoLayout}
}

// has says whether teams.json has a section for the team.
func (t *teams) has(team string) bool {
	_, ok := t.sections[team]
	return ok
}

// of is what holds for a team: its own values, else those of default.
func (t *teams) of(team string) teamConf {
	own, base := t.confs[team], t.confs[defaultTeam]
	own.Owner.value = firstOf(own.Owner.value, base.Owner.value, team)
	own.Queue.value = firstOf(own.Queue.value, base.Queue.value)
	own.User.value = firstOf(own.User.value, base.User.value)
	if len(own.Emails.values) == 0 {
		own.Emails = base.Emails
	}
	if own.start.IsZero() {
		own.start = base.start
	}
	return own
}

// addresses are the people to tell of failures.
func (c *teamConf) addresses() []string {
	var addresses []string
	for _, address := range c.Emails.values {
		addresses = append(addresses, address.value)
	}
	return addresses
}

// part is teams.json with the sections default and team alone, in one canonical spelling: what a job of the team can see of it. A team without a
// section, such as that of the metadata upload, sees the default.
func (t *teams) part(team string) []byte {
	if part, ok := t.parts[team]; ok {
		return part
	}
	return t.partOf(defaultTeam)
}

// sum names the content of a team's part.
func (t *teams) sum(team string) string {
	if sum, ok := t.sums[team]; ok {
		return sum
	}
	return sumOf(t.part(team))[:sumLength]
}

func (t *teams) partOf(team string) []byte {
	part := make(map[string]any, 2)
	for _, name := range []string{defaultTeam, team} {
		raw, ok := t.sections[name]
		if !ok {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var section any
		_ = decoder.Decode(&section) // it is a value of a document that was decoded
		part[name] = section
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(part) // what was decoded can be encoded
	return out.Bytes()
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// cmpMisfit names the kind of a JSON value, null included.
func cmpMisfit(raw []byte) string {
	if isNull(raw) {
		return "null"
	}
	return misfit(raw)
}

// jsonProblem says what is wrong with a text that is not JSON, and where.
func jsonProblem(raw []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return "is empty"
	}
	at := min(max(int(syntax.Offset)-1, 0), len(raw))
	before := raw[:at]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("is not JSON: line %d, column %d: %s", line, column, syntax.Error())
}
