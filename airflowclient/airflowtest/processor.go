package airflowtest

import (
	"slices"
	"strings"
	"time"
)

// When changes of the folder are seen, as measured on 2.11.2 and 3.3.2 with their default settings: a new and a removed file when
// the folder is listed; a change of a known file at once in the list of DAGs, and in its structure not before half a minute has
// passed since that was written last.
const (
	noticeChange   = 2 * time.Second
	writeStructure = 30 * time.Second
	forcedListing  = time.Second
	parseAgain     = 30 * time.Second // min_file_process_interval
	noticeDrop     = time.Minute      // parsing_cleanup_interval, stale_dag_threshold
)

// sourceFile is a file of the folder and what Airflow knows of it.
type sourceFile struct {
	now     File
	parsed  File // as it was parsed last
	gone    bool
	known   bool // Airflow has parsed it
	queued  bool // for parsing
	changed bool // since it was parsed
}

// importError is a row of the list of import errors.
type importError struct {
	number int
	file   string
	trace  string
	when   time.Time
}

// Put writes files of the DAG folder. Airflow sees them when it looks.
func (a *Airflow) Put(files ...File) {
	defer a.live()()
	for _, f := range files {
		a.put(f)
	}
}

func (a *Airflow) put(f File) {
	file, ok := a.folder[f.Name]
	if !ok {
		a.folder[f.Name] = &sourceFile{now: f}
		return
	}
	file.now, file.gone, file.changed = f, false, true
	if file.known {
		a.after(noticeChange, func() { a.parse(f.Name) })
	}
}

// Remove deletes files of the DAG folder.
func (a *Airflow) Remove(names ...string) {
	defer a.live()()
	for _, name := range names {
		if file, ok := a.folder[name]; ok {
			file.gone = true
		}
	}
}

// ParseAll lets Airflow see the folder as it is now, like `airflow dags reserialize`.
func (a *Airflow) ParseAll() {
	defer a.live()()
	a.scanFolder()
}

// listFolder is the regular look into the folder.
func (a *Airflow) listFolder() {
	a.scanFolder()
	a.after(a.opts.Refresh, a.listFolder)
}

func (a *Airflow) scanFolder() {
	for _, name := range sortedKeys(a.folder) {
		if file := a.folder[name]; file.gone || !file.known || file.changed {
			a.parse(name)
		}
	}
}

// parse reads one file, or finds that it is gone.
func (a *Airflow) parse(name string) {
	file, ok := a.folder[name]
	if !ok {
		return
	}
	file.known, file.queued, file.changed, file.parsed = true, false, false, file.now
	if file.gone {
		delete(a.folder, name)
		a.mend(name)
		a.retire(name)
		return
	}
	dags, trace := a.load(file.now)
	if trace != "" {
		a.report(name, trace)
		a.spoil(name)
		return
	}
	a.mend(name)
	dropped := map[string]bool{}
	for id, d := range a.dags {
		dropped[id] = d.file == name && !d.stale
	}
	for _, spec := range dags {
		dropped[spec.ID] = false
		a.define(name, spec.read())
	}
	for id, gone := range dropped {
		if gone {
			a.drop(a.dags[id])
		}
	}
}

// report notes an import error: a file has one row at most, which keeps its number.
func (a *Airflow) report(name, trace string) {
	for _, e := range a.broken {
		if e.file == name {
			e.trace, e.when = trace, a.now()
			return
		}
	}
	a.broken = append(a.broken, &importError{number: a.serial(), file: name, trace: trace, when: a.now()})
}

// mend takes away the import error of a file.
func (a *Airflow) mend(name string) {
	a.broken = slices.DeleteFunc(a.broken, func(e *importError) bool { return e.file == name })
}

// reparsed is when a row was written again last, that had first been written at a time: files are parsed again all the time.
func (a *Airflow) reparsed(first time.Time) time.Time {
	return first.Add(a.now().Sub(first).Truncate(parseAgain))
}

// define writes the row of a DAG.
func (a *Airflow) define(file string, spec DAG) {
	d, known := a.dags[spec.ID]
	if !known {
		d = &dag{paused: !spec.Unpaused}
		a.dags[spec.ID], a.ordered = d, nil
	}
	back := !known || d.stale
	d.spec, d.file, d.parsed, d.stale, d.broken = spec, file, a.now(), false, false
	a.warn(spec)
	switch since := a.now().Sub(d.written); {
	case !known || since >= writeStructure:
		a.serialise(d)
	default:
		a.after(writeStructure-since, func() { a.serialise(d) })
	}
	if back {
		a.planNext(d)
	}
}

// drop makes a DAG stale that its file does not have any more: Airflow finds that out by how long ago it was parsed.
func (a *Airflow) drop(d *dag) {
	parsed := d.parsed
	a.after(noticeDrop, func() { d.stale = d.stale || d.parsed.Equal(parsed) })
}

// retire makes the DAGs of a file stale that is gone.
func (a *Airflow) retire(file string) {
	for _, d := range a.dags {
		if d.file == file {
			d.stale, d.broken = true, false
		}
	}
}

// spoil marks the DAGs of a file that does not load any more: stale on Airflow 3; on Airflow 2 active, and later gone.
func (a *Airflow) spoil(file string) {
	for _, d := range a.dags {
		if d.file != file {
			continue
		}
		d.broken = true
		if a.isV2 {
			d.stale = true
			continue
		}
		a.drop(d)
	}
}

// reparse queues the file of a token. On Airflow 3 this refreshes the whole bundle, and a second request conflicts with the first.
func (a *Airflow) reparse(file *sourceFile) (queuedAlready bool) {
	if file.queued {
		return true
	}
	file.queued = true
	name := file.now.Name
	a.after(forcedListing, func() {
		if a.isV2 {
			a.scanFolder()
			return
		}
		a.parse(name)
	})
	return false
}

// dagWarning is a row of the list of warnings.
type dagWarning struct {
	dag, kind, message string
	when               time.Time
}

// warn notes the pools that a DAG names and that do not exist. Its tasks for them are never queued.
func (a *Airflow) warn(spec DAG) {
	if a.isV2 {
		return // 3.3 has the warning and never looks for it
	}
	a.warnings = slices.DeleteFunc(a.warnings, func(w dagWarning) bool { return w.dag == spec.ID })
	var missing []string
	for _, t := range spec.Tasks {
		if t.Pool != "" && a.pools[t.Pool] == nil && !slices.Contains(missing, pythonRepr(t.Pool)) {
			missing = append(missing, pythonRepr(t.Pool))
		}
	}
	if len(missing) == 0 {
		return
	}
	slices.Sort(missing)
	message := "Dag " + pythonRepr(spec.ID) + " references non-existent pools: [" + strings.Join(missing, ", ") + "]"
	a.warnings = append(a.warnings, dagWarning{dag: spec.ID, kind: "non-existent pool", message: message, when: a.now()})
}
