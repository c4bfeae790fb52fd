package config

import (
	"slices"
	"strings"
)

// targetKind is one kind of place that a release can be deployed to.
type targetKind struct {
	name string
	doc  string
	keys []targetKey // besides the kind
}

// targetKey is a key that targets of a kind have.
type targetKey struct {
	name    string
	example string // in YAML
	missing string // what it is, for the message when it is not there; empty: it may be left out
}

func targetKinds() []targetKind {
	const folder, prefix = "the folder that Airflow reads its DAGs from", "the prefix in the bucket that Airflow reads its DAGs from"
	ours := targetKey{"folder", "chronon", ""}
	return []targetKind{
		{"dir", "A local or mounted folder.", []targetKey{
			{"path", "/opt/airflow/dags", folder}, ours, {"state", "/opt/airflow/chrononctl-state", ""},
		}},
		{"git", "A branch that git-sync or a Git bundle follows.", []targetKey{
			{"url", "git@github.com:example/dags.git", "the repository"}, {"branch", "main", "the branch that Airflow follows"},
			{"path", "dags", "the folder of the branch that Airflow reads its DAGs from"}, ours, {"state", "chrononctl/main", ""},
		}},
		{"s3", "A bucket of Amazon S3 or a compatible server, as MWAA reads it.", []targetKey{
			{"bucket", "example-airflow", "the name of the bucket"}, {"path", "dags", prefix}, ours, {"state", "chrononctl-state/dags", ""},
			{"region", "eu-west-1", ""}, {"profile", "deploy", ""}, {"endpoint", "https://minio.example.com", ""},
		}},
		{"gcs", "A bucket of Google Cloud Storage, as Composer reads it.", []targetKey{
			{"bucket", "example-composer", "the name of the bucket"}, {"path", "dags", prefix}, ours, {"state", "chrononctl-state/dags", ""},
			{"endpoint", "http://localhost:4443", ""},
		}},
		{"sftp", "A folder on another machine, behind OpenSSH.", []targetKey{
			{"host", "airflow.example.com", "the machine, as ssh knows it"}, {"path", "/opt/airflow/dags", folder}, ours,
			{"state", "/opt/airflow/chrononctl-state", ""}, {"port", "22", ""}, {"user", "airflow", ""},
		}},
		{"command", "A tool of your own, which takes a finished folder.", []targetKey{
			{"argv", `[astro, deploy, --dags, --dags-path, "{folder}"]`, "the tool and its arguments, with {folder} for the finished folder"},
			{"state", "/var/lib/chrononctl/prod", "a folder of this machine for manifests, lock and a copy of what the tool took"},
		}},
	}
}

// kindOfTarget finds a kind by its name.
func kindOfTarget(name string) (targetKind, bool) {
	kinds := targetKinds()
	at := slices.IndexFunc(kinds, func(k targetKind) bool { return k.name == name })
	if at < 0 {
		return targetKind{}, false
	}
	return kinds[at], true
}

// has tells that targets of the kind have a key.
func (k targetKind) has(key string) bool {
	return key == "kind" || slices.ContainsFunc(k.keys, func(t targetKey) bool { return t.name == key })
}

func namesOfKinds() []string {
	var names []string
	for _, kind := range targetKinds() {
		names = append(names, kind.name)
	}
	return names
}

// checkTarget reports what is missing in a target and what its kind does not have, and fills in what may be left out.
func (p *Project) checkTarget(name string, say func(section, format string, args ...any)) {
	section := "targets." + name
	if p.lines[section+".kind"] == 0 {
		say(section, "targets.%s.kind is missing: one of %s", name, strings.Join(namesOfKinds(), ", "))
		return
	}
	kind, known := kindOfTarget(p.Targets[name].Kind)
	if !known {
		return // its value was reported
	}
	for _, key := range kind.keys {
		if key.missing != "" && p.lines[section+"."+key.name] == 0 {
			say(section, "targets.%s.%s is missing: %s", name, key.name, key.missing)
		}
	}
	for _, key := range targetKeys() {
		if last := key.last(); !kind.has(last) && p.lines[section+"."+last] > 0 {
			say(section+"."+last, "targets.%s.%s: a target of kind %s has no %s", name, last, kind.name, last)
		}
	}
	t := p.Targets[name]
	if t.Folder == "" && kind.has("folder") {
		t.Folder = "chronon"
	}
	p.Targets[name] = t
}

// docOfTargetKey is the sentence that explains a key.
func docOfTargetKey(name string) string {
	keys := targetKeys()
	return keys[slices.IndexFunc(keys, func(k Key) bool { return k.last() == name })].Doc
}

// port is a TCP port; 0 says nothing.
func port() kind[int] {
	return decoded("a port", schema{"type": "integer", "minimum": 1, "maximum": 65535}, func(n int) any {
		if n == 0 {
			return nil
		}
		return n
	})
}

func targetKeys() []Key {
	return []Key{
		ofTarget("kind", oneOf(namesOfKinds()...), func(t *Target) *string { return &t.Kind },
			"Kind of place: a local or mounted folder, a branch, a bucket, a folder behind ssh, or a tool of your own.").like("dir"),
		ofTarget("path", text(), func(t *Target) *string { return &t.Path },
			"What Airflow reads its DAGs from: a folder (`dir`, `sftp`), a folder of the branch (`git`), a prefix of the bucket (`s3`, `gcs`).").like("/opt/airflow/dags"),
		ofTarget("folder", text(), func(t *Target) *string { return &t.Folder }, "Our own folder in it; without one `chronon`. Not for `command`.").like("chronon"),
		ofTarget("state", text(), func(t *Target) *string { return &t.State },
			"Where manifests and the lock are kept, outside of what Airflow reads: a folder, a branch (`git`), a prefix (`s3`, `gcs`); without one beside `path`.").like("/opt/airflow/chrononctl-state"),
		ofTarget("url", text(), func(t *Target) *string { return &t.URL }, "Repository of a `git` target, as `git push` takes it, without a password.").like("git@github.com:example/dags.git"),
		ofTarget("branch", text(), func(t *Target) *string { return &t.Branch }, "Branch of it that Airflow follows; it must exist.").like("main"),
		ofTarget("bucket", text(), func(t *Target) *string { return &t.Bucket }, "Bucket of an `s3` or `gcs` target.").like("example-airflow"),
		ofTarget("region", text(), func(t *Target) *string { return &t.Region }, "Region of an `s3` bucket; without one what the AWS configuration says.").like("eu-west-1"),
		ofTarget("profile", text(), func(t *Target) *string { return &t.Profile }, "Profile of the AWS configuration.").like("deploy"),
		ofTarget("endpoint", text(), func(t *Target) *string { return &t.Endpoint },
			"Address of an object store that is not the provider's own. A `gcs` target sends it no credentials.").like("https://minio.example.com"),
		ofTarget("host", text(), func(t *Target) *string { return &t.Host }, "Machine of an `sftp` target, a name or an alias of the ssh configuration.").like("airflow.example.com"),
		ofTarget("port", port(), func(t *Target) *int { return &t.Port }, "Port of it; without one what ssh finds.").like("22"),
		ofTarget("user", text(), func(t *Target) *string { return &t.User }, "Account on it; without one what ssh finds.").like("airflow"),
		ofTarget("argv", texts(), func(t *Target) *[]string { return &t.Argv },
			"Tool of a `command` target with its arguments; `{folder}` is the finished folder, and status 0 says that the tool took it.").like(`[astro, deploy, --dags, --dags-path, "{folder}"]`),
	}
}
