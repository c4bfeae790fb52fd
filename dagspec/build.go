package dagspec

// Build decides which DAGs and tasks the confs of a repository ask for.
func Build(repo *Repo, s Settings) Definitions {
	panic("not yet")
}
