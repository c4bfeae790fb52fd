package dagspec

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// Load reads teams.json and every compiled conf of a Chronon repository: s.ConfRoot/{staging_queries,group_bys,joins}/<team>/<file>.
//
// It reports everything that is wrong at once and goes on: a conf with an error is left out of Repo.Confs and stands in Repo.Broken. Hidden files
// are no confs (validator.py leaves them out too). The diagnostics stay with the Repo and come back from [Build] with those that it adds.
func Load(fsys fs.FS, s Settings) (*Repo, Diagnostics) {
	repo := &Repo{}
	aboutTeams := findings{file: teamsFile}
	var ok bool
	repo.teams, ok = loadTeams(fsys, &aboutTeams)
	repo.unusable = !ok

	places, aboutFolders := findConfs(fsys, s.ConfRoot)
	all := append(aboutTeams.list, aboutFolders...)
	confs := make([]Conf, len(places))
	found := make([]findings, len(places))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range places {
		group.Go(func() error {
			confs[i] = places[i]
			found[i].file = places[i].File
			readConf(fsys, &confs[i], repo, &found[i])
			return nil
		})
	}
	_ = group.Wait() // its functions report through findings

	for i := range confs {
		all = append(all, found[i].list...)
		if found[i].failed() {
			repo.Broken = append(repo.Broken, Conf{Type: confs[i].Type, Team: confs[i].Team, File: confs[i].File})
			continue
		}
		repo.Confs = append(repo.Confs, confs[i])
	}
	repo.diagnostics = all.sorted()
	return repo, slices.Clone(repo.diagnostics)
}

// findConfs lists the files that should be confs, by type and file, with Type, Team and File set.
func findConfs(fsys fs.FS, root string) ([]Conf, Diagnostics) {
	entries, err := readDir(fsys, root)
	if err != nil {
		found := findings{file: root}
		found.err(codeConfsMissing, "", "the folder of the compiled confs cannot be read: "+reason(err),
			"compile the repository with chronon's compile.py, or set chronon.confs in chrononctl.yaml")
		return nil, found.list
	}
	var confs []Conf
	var all Diagnostics
	for _, entry := range entries {
		at := path.Join(root, entry.name)
		found := findings{file: at}
		switch kind := ConfType(entry.name); {
		case !entry.dir:
			found.warn(codeMisplaced, "", "a file beside the folders of the confs is not read", "move it away, or into <type>/<team>/")
		case !slices.Contains(confTypes[:], kind):
			found.warn(codeFolder, "", "nothing in this folder is scheduled: it is none of staging_queries, group_bys and joins",
				"move the confs into one of the three, or remove the folder")
		default:
			confs = append(confs, findTeams(fsys, at, kind, &found)...)
		}
		all = append(all, found.list...)
	}
	slices.SortFunc(confs, func(a, b Conf) int {
		if order := slices.Index(confTypes[:], a.Type) - slices.Index(confTypes[:], b.Type); order != 0 {
			return order
		}
		return strings.Compare(a.File, b.File)
	})
	return confs, all
}

// findTeams lists the files below one folder of a type.
func findTeams(fsys fs.FS, dir string, kind ConfType, found *findings) []Conf {
	var confs []Conf
	teams, err := readDir(fsys, dir)
	if err != nil {
		found.err(codeUnreadable, "", "cannot be read: "+reason(err), "make the folder readable")
		return nil
	}
	for _, team := range teams {
		at := path.Join(dir, team.name)
		if !team.dir {
			misplaced(found, at, "lies beside the teams' folders", "move it into a team's folder, or away")
			continue
		}
		files, err := readDir(fsys, at)
		if err != nil {
			found.err(codeUnreadable, "", team.name+" cannot be read: "+reason(err), "make the folder readable")
			continue
		}
		for _, file := range files {
			if file.dir {
				misplaced(found, path.Join(at, file.name), "is a folder inside a team's folder, where run.py would take the wrong part for the team",
					"compile again: compile.py writes nested sources as one file name with dots")
				continue
			}
			if file.special {
				misplaced(found, path.Join(at, file.name), "is a pipe, a socket or a device, which nobody reads to its end", "remove it")
				continue
			}
			confs = append(confs, Conf{Type: kind, Team: team.name, File: path.Join(at, file.name)})
		}
	}
	return confs
}

func misplaced(found *findings, file, message, hint string) {
	found.list = append(found.list, Diagnostic{SeverityError, codeMisplaced, file, "", message, hint})
}

type dirEntry struct {
	name    string
	dir     bool
	special bool // neither a file nor a folder
}

// readDir lists a folder without hidden entries, and follows symbolic links.
func readDir(fsys fs.FS, dir string) ([]dirEntry, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	listed := make([]dirEntry, 0, len(entries))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		mode := entry.Type()
		if mode&fs.ModeSymlink != 0 {
			mode = 0 // a broken link is reported when it is read
			if info, err := fs.Stat(fsys, path.Join(dir, entry.Name())); err == nil {
				mode = info.Mode().Type()
			}
		}
		listed = append(listed, dirEntry{name: entry.Name(), dir: mode.IsDir(), special: !mode.IsDir() && !mode.IsRegular()})
	}
	return listed, nil
}

// reason is an error of the file system without the path, which the diagnostic names already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// readConf decodes and checks one file.
func readConf(fsys fs.FS, c *Conf, repo *Repo, found *findings) {
	raw, err := fs.ReadFile(fsys, c.File)
	if err != nil {
		found.err(codeUnreadable, "", "cannot be read: "+reason(err), "make the file readable, or remove it")
		return
	}

	if !utf8.Valid(raw) {
		found.err(codeNotJSON, "", "is not UTF-8", recompileHint)
		return
	}
	kept, ok := prune(raw, documentShape())
	if !ok {
		kept = raw // the decoder says what is wrong
	}
	if err := json.Unmarshal(kept, &c.doc); err != nil {
		var mistyped *json.UnmarshalTypeError
		switch {
		case !errors.As(err, &mistyped):
			found.err(codeNotJSON, "", jsonProblem(raw, err), recompileHint)
			return
		case mistyped.Field == "":
			found.err(codeWrongType, "", "holds a JSON "+mistyped.Value+" instead of an object", recompileHint)
			return
		default:
			found.err(codeFieldType, mistyped.Field, "cannot be a "+mistyped.Value, recompileHint)
		}
	}
	c.Raw, c.sum = raw, sumOf(raw)
	checkConf(c, repo, found)
}
