package dagspec

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ReadBack reads the definitions out of the DAG files that [Render] once wrote into a folder, so that they can be compared with new ones by [Diff].
// It reads them as data and runs no Python. Files that are not ours are left alone.
//
// What Render does not write cannot come back: a wait's spec as its author wrote it (its Spec is that of its partition) and who produces what is
// waited for, a task's environment, a KV load's filled command, the diagnostics, and, in a folder without bundled confs, the sums of contents.
func ReadBack(dir fs.FS) (Definitions, error) {
	names, err := fs.Glob(dir, "*.py")
	if err != nil {
		return Definitions{}, fmt.Errorf("list the DAG files: %w", err)
	}
	var defs Definitions
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return Definitions{}, fmt.Errorf("read a DAG file: %w", err)
		}
		dags, err := ReadBackFile(string(data))
		if err != nil {
			return Definitions{}, fmt.Errorf("%s: %w", name, err)
		}
		defs.DAGs = append(defs.DAGs, dags...)
	}
	slices.SortFunc(defs.DAGs, func(x, y DAG) int { return cmp.Compare(x.ID, y.ID) })
	return defs, nil
}

// ReadBackFile reads the DAGs of one file by its text, as [ReadBack] does. A file that is not ours has none.
func ReadBackFile(source string) ([]DAG, error) {
	if !strings.HasPrefix(source, Header+"\n") {
		return nil, nil
	}
	return readDAGs(source)
}

// readDAGs reads one generated file.
func readDAGs(source string) ([]DAG, error) {
	values, runtime, err := parsePython(source)
	if err != nil {
		return nil, err
	}
	settings := pyInline(values["SETTINGS"])
	file := pyCall{args: []pyArg{{"dags", values["DAGS"]}}}
	var dags []DAG
	for _, call := range file.calls("dags") {
		dag := DAG{
			ID: call.text("id"), Kind: Kind(call.text("kind")), Team: call.text("team"), Join: call.text("join"), Schedule: call.text("cron"),
			Catchup: call.arg("catchup") == true, Hash: call.text("hash"), Owner: call.text("owner"), Queue: call.text("queue"),
			User: call.text("user"), Emails: call.texts("emails"), Settings: settings, Runtime: runtime,
		}
		if dag.Start, err = ParseDate(call.text("start")); err != nil {
			return nil, fmt.Errorf("DAG %s: start: %w", dag.ID, err)
		}
		dag.Tasks = readTasks(call.calls("tasks"))
		dags = append(dags, dag)
	}
	return dags, nil
}

// readTasks reads the tasks of a DAG, with the waits that come before them.
func readTasks(calls []pyCall) []Task {
	waits := map[string]Wait{}
	var tasks []Task
	for _, call := range calls {
		if call.name == "Wait" {
			waits[call.text("id")] = readWait(call)
			continue
		}
		task := Task{
			ID: call.text("id"), Conf: call.text("conf"), Mode: Mode(call.text("mode")), Schedule: call.text("schedule"), Lag: call.number("lag"),
			Coalesce: call.arg("coalesce") != false, Part: call.text("part"), Table: call.text("table"), Dataset: call.text("dataset"),
		}
		switch call.name {
		case "KvLoad":
			task.Mode, task.Coalesce = ModeKVLoad, call.arg("keeps_days") != true
		case "Summary":
			task.Mode, task.Coalesce = ModeSummary, false
			task.Sample, _ = call.arg("sample_percent").(float64)
		}
		argv, _ := call.arg("argv").(pyTuple)
		for i, value := range argv {
			task.Argv = append(task.Argv, readArg(value))
			if i > 0 && task.Argv[i-1].Text == "--conf" && !strings.HasSuffix(task.Argv[i].Text, "/") {
				task.ConfFile = task.Argv[i].Text
			}
		}
		for _, output := range call.calls("outputs") {
			task.Outputs = append(task.Outputs, readPartition(output))
		}
		for _, id := range call.texts("after") {
			if wait, ok := waits[id]; ok {
				task.Waits = append(task.Waits, wait)
			} else {
				task.After = append(task.After, id)
			}
		}
		tasks = append(tasks, task)
	}
	return tasks
}

func readWait(call pyCall) Wait {
	var wait Wait
	if partition, ok := call.arg("partition").(pyCall); ok {
		wait.Partition = readPartition(partition)
	}
	wait.Spec = wait.Partition.Spec()
	wait.Start, _ = ParseDate(call.text("start"))
	wait.End, _ = ParseDate(call.text("end"))
	return wait
}

func readPartition(call pyCall) Partition {
	var partition Partition
	partition.Table, _ = call.at(0).(string)
	fields, _ := call.at(1).(pyTuple)
	for _, value := range fields {
		pair, _ := value.(pyTuple)
		if len(pair) != 2 {
			continue
		}
		var field Field
		field.Column, _ = pair[0].(string)
		pieces, _ := pair[1].(pyTuple)
		for _, piece := range pieces {
			field.Value = append(field.Value, readArg(piece))
		}
		partition.Fields = append(partition.Fields, field)
	}
	return partition
}

// readArg reads an element of a command line, or a piece of a partition's value.
func readArg(value pyValue) Arg {
	switch value := value.(type) {
	case string:
		return Arg{Text: value}
	case pyCall:
		switch value.name {
		case "Ds":
			return Arg{Day: &Day{Shift: value.number("shift"), Layout: value.text("layout")}}
		case "Bundled":
			bundled, _ := value.at(0).(string)
			return readBundled(bundled)
		case "Gathered":
			folder, _ := value.at(0).(string)
			files, _ := value.at(1).(pyTuple)
			arg := Arg{Text: folder}
			for _, file := range files.texts() {
				bundled := readBundled(file)
				arg.Files = append(arg.Files, Source{bundled.Text, bundled.Sum})
			}
			return arg
		}
	}
	return Arg{}
}

// readBundled tells the file of the repository by its path in the release.
func readBundled(bundled string) Arg {
	_, rest, _ := strings.Cut(bundled, "/")
	sum, file, ok := strings.Cut(rest, "/")
	if !ok {
		file = "."
	}
	return Arg{Text: path.Clean(file), File: true, Sum: sum}
}
