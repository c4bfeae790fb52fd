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
