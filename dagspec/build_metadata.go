package dagspec

// metadataUpload adds the DAG that puts the joins' confs into the KV store, where serving reads them. It is one task for all of them: run.py takes
// the folder (quickstart run.sh, --conf production/joins//), and no team's settings but the default. It is the folder of the repository on the
// worker: a release carries each conf for itself.
func (b *builder) metadataUpload() {
	if !b.s.MetadataUpload || len(b.onlineJoins()) == 0 {
		return
	}
	if b.s.Bundle {
		b.about("").warn(codeSettings, "metadata_upload", "the upload reads the joins of the repository at "+b.s.Run.Repo+" on the worker, not those of the release",
			"keep the worker's repository up to date, or deliver by repository")
	}
	key := dagKey{kind: KindMetadataUpload}
	dag := b.newDAG(key, cronDaily)
	dag.Catchup = false // only the newest confs count
	dag.Tasks = []Task{{
		ID: taskWords[ModeMetadataUpload], Mode: ModeMetadataUpload, Env: b.s.Run.Env,
		Argv: b.argv(ModeMetadataUpload, Arg{Text: b.joinsFolder()}, 0),
	}}
	b.dags[key] = dag
}

// joinsFolder is the folder of the joins as run.py wants it: with the empty team and name of its last two parts.
func (b *builder) joinsFolder() string { return b.s.ConfRoot + "/" + string(TypeJoin) + "//" }

// onlineJoins are the joins that are served.
func (b *builder) onlineJoins() []*Conf {
	var online []*Conf
	for i := range b.repo.Confs {
		if c := &b.repo.Confs[i]; c.Type == TypeJoin && c.doc.Meta.Online.value {
			online = append(online, c)
		}
	}
	return online
}
