package dagspec

// metadataUpload adds the DAG that puts the confs of the served joins into the KV store, where serving reads them. It is one task for all of them:
// run.py takes a folder (quickstart run.sh, --conf production/joins//), and no team's settings but the default. Offline joins have no place there.
// The job ends well although single confs failed; the runtime reads their count from its log.
func (b *builder) metadataUpload() {
	online := b.onlineJoins()
	if !b.s.MetadataUpload || len(online) == 0 {
		return
	}
	folder := Arg{Text: b.s.ConfRoot + "/" + string(TypeJoin) + "//"} // run.py wants four parts: here team and name are empty
	for _, c := range online {
		b.confs[c.File] = c
		folder.Files = append(folder.Files, Source{c.File, c.sum[:sumLength]})
	}
	key := dagKey{kind: KindMetadataUpload}
	dag := b.newDAG(key, cronDaily)
	dag.Catchup = false // only the newest confs count
	dag.Tasks = []Task{{
		ID: taskWords[ModeMetadataUpload], Mode: ModeMetadataUpload, Env: b.s.Run.Env, Argv: b.argv(ModeMetadataUpload, "", folder, 0),
	}}
	b.dags[key] = dag
}

// metadataExport adds the job that writes every conf, with the types of its columns, into a table. It reads the folder of all confs, which only a
// repository on the workers has: a release would hold every conf twice, and anew whenever one changes.
func (b *builder) metadataExport() {
	switch {
	case b.s.MetadataExport == "" || len(b.repo.Confs) == 0:
		return
	case b.s.Bundle:
		b.about(projectFile).err(codeSettings, "dags.metadata_export", "the export reads the folder of all confs, and the workers have no repository",
			"set chronon.delivery to the repository on the workers, or take dags.metadata_export out")
		return
	}
	key := dagKey{kind: KindMetadataUpload}
	dag := b.dags[key]
	if dag == nil {
		dag = b.newDAG(key, cronDaily)
		dag.Catchup = false // only the newest confs count
		b.dags[key] = dag
	}
	more := words("--input-root-path", b.s.ConfRoot, "--output-table-name", b.s.MetadataExport)
	dag.Tasks = append(dag.Tasks, Task{
		ID: taskWords[ModeMetadataExport], Mode: ModeMetadataExport, Env: b.s.Run.Env,
		Argv: b.argv(ModeMetadataExport, "", Arg{Text: b.s.ConfRoot + "/" + string(TypeJoin) + "//"}, 0, more...),
	})
}

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
