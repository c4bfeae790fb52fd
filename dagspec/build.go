package dagspec

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// defaultStart is the first day of DAGs for which nobody stated one; they do not catch up.
const defaultStart = "2024-01-01"

// Build decides which DAGs and tasks the sound confs of a repository ask for.
//
// It goes over the confs once and lets each add its tasks to the DAGs that they belong to, then resolves who writes what is waited for, and at
// last refuses what cannot stand beside each other. Its diagnostics are those of [Load] and its own; a conf with an error is in LeftOut.
func Build(repo *Repo, s Settings) Definitions {
	b := &builder{
		repo: repo, env: &repo.teams.common, s: s,
		dags: map[dagKey]*DAG{}, confs: map[string]*Conf{}, byName: map[confKey]*Conf{}, found: map[string]*findings{},
		producers: map[string]producer{}, unscheduled: map[string]string{},
	}
	b.checkSettings()
	if !repo.unusable {
		for i := range repo.Confs {
			c := &repo.Confs[i]
			b.byName[confKey{c.Type, c.Name}] = c
			b.conf(c)
		}
		b.metadataUpload()
		b.metadataExport()
		b.checkIdle()
		b.checkIDs()
		b.resolveWaits()
		b.checkSizes()
	}
	return b.definitions()
}

// builder carries the state of one Build.
type builder struct {
	repo *Repo
	env  *commonEnv
	s    Settings

	dags        map[dagKey]*DAG
	confs       map[string]*Conf // by file, those that have a task
	byName      map[confKey]*Conf
	found       map[string]*findings // by file
	producers   map[string]producer  // by producerKey
	unscheduled map[string]string    // producerKey of a table of this repository that nothing writes -> why
	wanted      []want
}

// producer is who writes a table.
type producer struct {
	dag  *DAG
	task string // id
	file string // of the conf
}

// want is a dependency of a conf, with its place for what there may be to say about it.
type want struct {
	file, path string
	partition  Partition
}

// dagKey identifies a DAG before it has an id.
type dagKey struct {
	kind Kind
	team string
	join string
	part int // of a team's DAG, from 0
}

// about is where to report on a file.
func (b *builder) about(file string) *findings {
	if b.found[file] == nil {
		b.found[file] = &findings{file: file}
	}
	return b.found[file]
}

// conf adds the tasks of one conf.
func (b *builder) conf(c *Conf) {
	switch c.Type {
	case TypeStagingQuery:
		b.stagingQuery(c)
	case TypeGroupBy:
		b.groupBy(c)
	case TypeJoin:
		b.join(c)
	}
}

// dag is the DAG of a kind that a conf's task goes into: its team's, or the join's own.
func (b *builder) dag(kind Kind, c *Conf, cron string) *DAG {
	key := dagKey{kind: kind, team: c.Team}
	if perJoin(kind) {
		key.join = c.Name
	} else {
		key.part = partOf(c.Name, b.s.DAGs.Parts[c.Team])
	}
	if dag, ok := b.dags[key]; ok {
		return dag
	}
	dag := b.newDAG(key, cron)
	if owner := c.doc.Meta.CustomJSON.TeamOverride.value; owner != "" && key.join != "" {
		b.ownedBy(dag, owner)
	}
	b.dags[key] = dag
	return dag
}

// ownedBy gives a join's DAG to the team that its author named as the owner, who is the one to be told of failures. The jobs keep the settings
// of the folder's team: run.py goes by the folder.
func (b *builder) ownedBy(dag *DAG, owner string) {
	team := b.repo.teams.of(owner)
	dag.Owner, dag.Emails = team.Owner.value, team.addresses()
}

// named is the sound conf of a type and name, and nil if there is none.
func (b *builder) named(kind ConfType, name string) *Conf {
	return b.byName[confKey{kind, name}]
}

// confKey identifies a conf.
type confKey struct {
	kind ConfType
	name string
}

// perJoin says whether each join has a DAG of the kind for itself.
func perJoin(kind Kind) bool {
	switch kind {
	case KindJoin, KindComparison, KindLabelJoin:
		return true
	case KindStagingQuery, KindBatch, KindStreaming, KindLogFlattening, KindStats, KindMetadataUpload:
		return false
	default:
		return false
	}
}

func (b *builder) newDAG(key dagKey, cron string) *DAG {
	team := b.repo.teams.of(key.team)
	dag := &DAG{
		ID: b.dagID(key), Kind: key.kind, Team: key.team, Join: key.join, Schedule: cron,
		Owner: team.Owner.value, Queue: team.Queue.value, User: team.User.value, Emails: team.addresses(),
	}
	dag.Start = team.start
	if dag.Start.IsZero() {
		dag.Start = b.s.DAGs.Start
	}
	dag.Catchup = !dag.Start.IsZero() && key.kind != KindStreaming
	if dag.Start.IsZero() {
		dag.Start, _ = ParseDate(defaultStart)
	}
	return dag
}

// dagID fills the naming template of the kind.
func (b *builder) dagID(key dagKey) string {
	id := strings.NewReplacer("{team}", key.team, "{join}", idPart(key.join)).Replace(b.template(key.kind))
	if key.part > 0 { // the first part keeps the id, and so the history of what stays in it
		id += fmt.Sprintf("__part%d", key.part+1)
	}
	return id
}

func (b *builder) template(kind Kind) string { return firstOf(b.s.Naming[kind], docsNaming[kind]) }

var notInID = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// idPart is a conf's name as part of an id. Airflow would allow dots, and Chronon's own ids have none (airflow/helpers.py, normalize_name).
func idPart(name string) string { return notInID.ReplaceAllString(name, "__") }

// taskWords are the first words of task ids.
var taskWords = map[Mode]string{
	ModeBackfill:       "backfill",
	ModeBackfillLeft:   "backfill_left",
	ModeBackfillFinal:  "backfill_final",
	ModeUpload:         "upload",
	ModeStreaming:      "keep_alive",
	ModeConsistency:    "consistency",
	ModeLogFlattener:   "log_flattener",
	ModeLabelJoin:      "label_join",
	ModeModelTransform: "model_transform",
	ModeStats:          "stats",
	ModeLogStats:       "log_stats",
	ModeMetadataUpload: "metadata_upload",
	ModeMetadataExport: "metadata_export",
	ModeKVLoad:         "kv_load",
}

func taskID(mode Mode, c *Conf) string { return taskWords[mode] + "__" + idPart(c.rest()) }

// job is a task that runs run.py for a conf, computing the day that lies lag days before its run.
func (b *builder) job(c *Conf, mode Mode, lag int, more ...Arg) Task {
	b.confs[c.File] = c
	return Task{
		ID: taskID(mode, c), Conf: c.Name, ConfFile: c.File, Mode: mode,
		Argv: b.argv(mode, c.Team, Arg{Text: c.File, File: true, Sum: c.sum[:sumLength]}, lag, more...), Env: b.s.Run.Env,
		Lag: lag, Coalesce: true,
	}
}

// argv is the command line of run.py. It always says production: without --env the jobs would take a developer's settings and name.
func (b *builder) argv(mode Mode, team string, conf Arg, lag int, more ...Arg) []Arg {
	argv := []Arg{{Text: b.s.Run.Python}}
	if b.s.Run.RunPy != "" {
		argv = append(argv, Arg{Text: b.s.Run.RunPy})
	} else {
		argv = append(argv, words("-m", "ai.chronon.repo.run")...)
	}
	argv = append(argv, words("--mode", string(mode), "--conf")...)
	argv = append(argv, conf)
	argv = append(argv, words("--env", "production", "--ds")...)
	argv = append(argv, Arg{Day: b.env.day(-lag)})
	argv = append(argv, Arg{Text: "--repo"}, Arg{Text: ".", File: true, Sum: b.repo.teams.sum(team)})
	argv = append(argv, more...)
	return append(argv, words(b.s.Run.Args...)...)
}

// words are literal arguments.
func words(texts ...string) []Arg {
	args := make([]Arg, len(texts))
	for i, text := range texts {
		args[i] = Arg{Text: text}
	}
	return args
}

// taskSchedule is the schedule of a task inside a DAG: empty where it is the DAG's own.
func taskSchedule(dag *DAG, s schedule) string {
	if s.cron == dag.Schedule {
		return ""
	}
	return s.cron
}

// schedule is when the jobs described by m run. It was checked when the conf was loaded.
func (m *metaData) schedule() schedule {
	s, err := parseSchedule(m.OfflineSchedule.value)
	if err != nil {
		return schedule{cron: cronDaily}
	}
	return s
}

// writes puts the tables of partitions that a task writes into the index of producers.
func (b *builder) writes(dag *DAG, t Task, partitions ...Partition) {
	for _, p := range partitions {
		key := producerKey(p)
		if other, taken := b.producers[key]; taken && other.file != t.ConfFile {
			about := b.about(t.ConfFile)
			if slices.ContainsFunc(about.list, func(d Diagnostic) bool { return d.Code == codeTableCollision }) {
				continue // once is enough for two confs whose tables are all alike
			}
			about.warn(codeTableCollision, "metaData.name", fmt.Sprintf("its table %s is also written by %s", p.Table, other.file),
				"rename one of the two confs")
			continue
		}
		b.producers[key] = producer{dag: dag, task: t.ID, file: t.ConfFile}
	}
}

// definitions is the result: everything in its documented order.
func (b *builder) definitions() Definitions {
	all := slices.Clone(b.repo.diagnostics)
	for _, found := range b.found {
		all = append(all, found.list...)
	}
	defs := Definitions{Diagnostics: all.sorted(), LeftOut: b.leftOut()}
	for _, dag := range b.dags {
		if len(dag.Tasks) > 0 {
			defs.DAGs = append(defs.DAGs, *dag)
		}
	}
	slices.SortFunc(defs.DAGs, func(x, y DAG) int { return cmp.Compare(x.ID, y.ID) })
	defs.sums = b.hashAll(defs.DAGs)
	return defs
}

// hashAll names the contents of DAGs, and returns their whole sums by id. It is the last step, and each DAG is by itself.
func (b *builder) hashAll(dags []DAG) map[string]string {
	settings := map[Kind]string{}
	sums := make([]string, len(dags))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range dags {
		dag := &dags[i]
		if settings[dag.Kind] == "" {
			settings[dag.Kind] = renderSettings(dag.Kind, b.s)
		}
		dag.Settings, dag.Runtime = settings[dag.Kind], runtimeHash()
		group.Go(func() error {
			sums[i] = b.sumDAG(dag)
			dag.Hash = sums[i][:12]
			return nil
		})
	}
	_ = group.Wait() // its functions cannot fail
	byID := make(map[string]string, len(dags))
	for i := range dags {
		byID[dags[i].ID] = sums[i]
	}
	return byID
}

// leftOut lists the confs that an error keeps out, with the DAGs that they would have had a part in.
func (b *builder) leftOut() []LeftOut {
	out := make(map[string]LeftOut)
	add := func(c *Conf) {
		if _, ok := out[c.File]; !ok {
			out[c.File] = LeftOut{File: c.File, DAGs: b.dagsOf(c)}
		}
	}
	for i := range b.repo.Broken {
		add(&b.repo.Broken[i])
	}
	for i := range b.repo.Confs {
		if found := b.found[b.repo.Confs[i].File]; found != nil && found.failed() {
			add(&b.repo.Confs[i])
		}
	}
	return slices.SortedFunc(maps.Values(out), func(x, y LeftOut) int { return cmp.Compare(x.File, y.File) })
}

// dagsOf names the DAGs that a conf may have a part in, going by its place alone.
func (b *builder) dagsOf(c *Conf) []string {
	var kinds []Kind
	switch c.Type {
	case TypeStagingQuery:
		kinds = []Kind{KindStagingQuery}
	case TypeGroupBy:
		kinds = []Kind{KindBatch, KindStreaming}
	case TypeJoin:
		kinds = []Kind{KindJoin, KindComparison, KindLabelJoin, KindLogFlattening}
		if b.s.Stats {
			kinds = append(kinds, KindStats)
		}
	}
	name := c.Team + "." + c.File[strings.LastIndexByte(c.File, '/')+1:]
	var ids []string
	for _, kind := range kinds {
		key := dagKey{kind: kind, team: c.Team}
		if perJoin(kind) {
			key.join = name
		} else {
			key.part = partOf(name, b.s.DAGs.Parts[c.Team])
		}
		ids = append(ids, b.dagID(key))
	}
	slices.Sort(ids)
	return ids
}
