package action

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"

	"chrononctl/airflowclient"
)

// maxJournal is how large a journal grows; then its older half is dropped.
const maxJournal = 1 << 20

// maxTargets is how many targets of a change the journal names; the rest is counted.
const maxTargets = 200

// Journal is what was changed from this machine through one context: a file of JSON lines, two a change. The first is written before anything is
// sent, so that a change that was interrupted is known; the second says what became of it. Several processes may write at a time. Nobody else can
// read it, and it holds no secret: commands name none, and errors of the client hold none.
//
// A nil Journal writes nothing.
type Journal struct {
	Path    string
	Problem func(error) // hears that a line could not be written, which stops no change; nil: nobody does
}

// Entry is one change.
type Entry struct {
	ID       string       `json:"id"`
	At       time.Time    `json:"at"`
	By       string       `json:"by,omitempty"`
	Verb     Verb         `json:"verb"`
	Title    string       `json:"title"`
	Command  string       `json:"command"`
	Undo     string       `json:"undo,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Targets  []EntryThing `json:"targets"`
	Total    int          `json:"total"` // targets, those included that are not named
	Ended    time.Time    `json:"ended,omitzero"`
	Done     int          `json:"done"`
	Failed   int          `json:"failed"`
	Problem  string       `json:"problem,omitempty"`   // why it was not carried out to its end
	Undoes   string       `json:"undoes,omitempty"`    // the entry that it takes back
	UndoneBy string       `json:"undone_by,omitempty"` // the entry that took it back; found when the journal is read
}

// EntryThing is one object that was changed.
type EntryThing struct {
	DAGID  string              `json:"dag_id"`
	RunID  string              `json:"run_id,omitempty"`
	TaskID string              `json:"task_id,omitempty"`
	Day    string              `json:"day,omitempty"`
	State  airflowclient.State `json:"state,omitempty"`
	Error  string              `json:"error,omitempty"`
}

// Interrupted says that the change was begun, and that nobody wrote down how it ended.
func (e Entry) Interrupted() bool { return e.Ended.IsZero() }

// begin writes down what is about to be done, and answers the entry for [Journal.end].
func (j *Journal) begin(by string, now time.Time, plan Plan) Entry {
	e := Entry{
		ID: newID(now), At: now.Truncate(time.Second), By: by, Verb: plan.Verb, Title: plan.Title, Command: plan.Command, Undo: plan.Undo,
		Reason: plan.Reason, Total: len(plan.Targets), Undoes: plan.Undoes,
	}
	if j == nil || plan.Unchanged() {
		return e
	}
	for _, t := range plan.Targets[:min(len(plan.Targets), maxTargets)] {
		e.Targets = append(e.Targets, EntryThing{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, Day: t.Day, State: t.State})
	}
	j.note(e)
	return e
}

// newID is a short id that sorts by time; two processes of one moment get different ones.
func newID(now time.Time) string {
	salt := make([]byte, 2)
	_, _ = rand.Read(salt) // it never fails
	return fmt.Sprintf("%x%x", now.Unix(), salt)
}

// note writes an entry, or says that it could not.
func (j *Journal) note(e Entry) {
	if err := j.append(e); err != nil && j.Problem != nil {
		j.Problem(err)
	}
}

// end writes down what became of it.
func (j *Journal) end(e Entry, now time.Time, results []Result, cause error) {
	if j == nil || e.Total == 0 {
		return
	}
	e.Ended = now.Truncate(time.Second)
	if cause != nil {
		e.Problem = cause.Error()
	}
	e.Targets = nil
	for _, r := range results {
		if r.Err == nil {
			e.Done++
		} else {
			e.Failed++
		}
		if len(e.Targets) < maxTargets {
			thing := EntryThing{DAGID: r.Target.DAGID, RunID: r.Target.RunID, TaskID: r.Target.TaskID, Day: r.Target.Day, State: r.Target.State}
			if r.Err != nil {
				thing.Error = r.Err.Error()
			}
			e.Targets = append(e.Targets, thing)
		}
	}
	j.note(e)
}

// append adds a line under a lock that other processes see.
func (j *Journal) append(e Entry) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the journal %s: %w", j.Path, err)
		}
	}()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(j.Path), 0o700); err != nil {
		return err
	}
	lock := flock.New(j.Path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := j.shorten(); err != nil {
		return err
	}
	file, err := os.OpenFile(j.Path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(j.tornEnd(file), append(line, '\n')...))
	return errors.Join(err, file.Close())
}

// tornEnd ends a line that a crash left half written, so that it costs nothing but itself.
func (j *Journal) tornEnd(file *os.File) []byte {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return nil
	}
	return []byte{'\n'}
}

// shorten drops the older half of a journal that has become too large.
func (j *Journal) shorten() error {
	info, err := os.Stat(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Size() < maxJournal {
		return err
	}
	data, err := os.ReadFile(j.Path)
	if err != nil {
		return err
	}
	rest := data[len(data)/2:]
	if at := bytes.IndexByte(rest, '\n'); at >= 0 {
		rest = rest[at+1:]
	}
	return renameio.WriteFile(j.Path, rest, 0o600)
}

// Entries reads the journal, the newest change first. Lines that cannot be read are left out: a newer program may have written them, or a crash torn them.
func (j *Journal) Entries() ([]Entry, error) {
	if j == nil {
		return nil, nil
	}
	data, err := os.ReadFile(j.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var list []Entry
	at := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.ID == "" {
			continue
		}
		if i, begun := at[e.ID]; begun {
			list[i] = e
			continue
		}
		at[e.ID] = len(list)
		list = append(list, e)
	}
	for _, e := range list {
		if i, known := at[e.Undoes]; known && e.Done > 0 {
			list[i].UndoneBy = e.ID
		}
	}
	slices.Reverse(list)
	return list, nil
}
