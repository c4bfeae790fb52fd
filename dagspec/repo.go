package dagspec

// ConfType is the folder of a conf below the conf root: the three that Chronon's compiler writes (chronon-ai, compile.py FOLDER_NAME_TO_CLASS).
type ConfType string

// The types of conf.
const (
	TypeStagingQuery ConfType = "staging_queries"
	TypeGroupBy      ConfType = "group_bys"
	TypeJoin         ConfType = "joins"
)

// Repo is what [Load] understood of a Chronon repository. It is immutable.
type Repo struct {
	Confs []Conf // sound ones, by type and file
}

// Conf is one compiled StagingQuery, GroupBy or Join.
type Conf struct {
	Type ConfType
	Name string // metaData.name, "payments.checkout.v1"
	Team string // its first part, which is also its folder
	File string // slash path below the repository, "production/joins/payments/checkout.v1"
	Raw  []byte // the file as it is
}
