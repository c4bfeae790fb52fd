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
)

// sourceFile is a file of the folder and what Airflow knows of it.
type sourceFile struct {
	now    File
	parsed File // as it was parsed last
	gone   bool
	known  bool // Airflow has parsed it
	queued bool // for parsing
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
	file.now, file.gone = f, false
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
		a.parse(name)
	}
}

// parse reads one file, or finds that it is gone.
func (a *Airflow) parse(name string) {
	file, ok := a.folder[name]
	if !ok {
		return
	}
	file.known, file.queued, file.parsed = true, false, file.now
	a.broken = slices.DeleteFunc(a.broken, func(e *importError) bool { return e.file == name })
	if file.gone {
		delete(a.folder, name)
		a.retire(name, nil)
		return
	}
	dags, trace := a.load(file.now)
	if trace != "" {
		a.broken = append(a.broken, &importError{number: a.serial(), file: name, trace: trace, when: a.now()})
		a.spoil(name)
		return
	}
	ids := make([]string, 0, len(dags))
	for _, spec := range dags {
		ids = append(ids, spec.ID)
		a.define(name, spec)
	}
	a.retire(name, ids)
}

// define writes the row of a DAG.
func (a *Airflow) define(file string, spec DAG) {
	d, known := a.dags[spec.ID]
	if !known {
		d = &dag{paused: !spec.Unpaused}
		a.dags[spec.ID] = d
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

// retire makes the DAGs of a file stale, except for the given ones.
func (a *Airflow) retire(file string, except []string) {
	for _, d := range a.dags {
		if d.file == file && !slices.Contains(except, d.spec.ID) {
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
		a.after(a.opts.Refresh, func() { d.stale = d.stale || d.broken })
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
