package dagspec

// File is one file of a release.
type File struct {
	Path string // slash path below the DAG folder
	Data []byte
	DAGs []string // ids of the DAGs that it defines; empty for a file that supports others
}

// Render writes definitions as static Airflow DAG files, with everything that they import or name.
func Render(defs Definitions, repo *Repo, s Settings) ([]File, error) {
	panic("not yet")
}
