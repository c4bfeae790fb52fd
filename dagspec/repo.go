package dagspec

import (
	"crypto/sha256"
	"encoding/hex"
)

// ConfType is the folder of a conf below the conf root: the three that Chronon's compiler writes (chronon-ai, compile.py FOLDER_NAME_TO_CLASS).
type ConfType string

// The types of conf.
const (
	TypeStagingQuery ConfType = "staging_queries"
	TypeGroupBy      ConfType = "group_bys"
	TypeJoin         ConfType = "joins"
)

// confTypes is the order in which confs are loaded and listed.
var confTypes = [...]ConfType{TypeStagingQuery, TypeGroupBy, TypeJoin}

// label is the type in a sentence.
func (t ConfType) label() string {
	switch t {
	case TypeStagingQuery:
		return "StagingQuery"
	case TypeGroupBy:
		return "GroupBy"
	case TypeJoin:
		return "Join"
	default:
		return string(t)
	}
}

// Repo is what [Load] understood of a Chronon repository. It is immutable.
type Repo struct {
	Confs  []Conf // sound ones, by type and file
	Broken []Conf // those that an error keeps out, by type and file; only Type, Team and File are sure

	teams       teams
	diagnostics Diagnostics
	unusable    bool // there is no readable teams.json: nothing can be placed
}

// Conf is one compiled StagingQuery, GroupBy or Join.
type Conf struct {
	Type ConfType
	Name string // metaData.name, "payments.checkout.v1"
	Team string // its first part, which is also its folder
	File string // slash path below the repository, "production/joins/payments/checkout.v1"
	Raw  []byte // the file as it is

	doc document
	sum string // SHA-256 of Raw in hex
}

// rest is the conf's name without its team: the name of its file.
func (c *Conf) rest() string { return c.Name[len(c.Team)+1:] }

// sumLength is how many hex digits of a sum name a file of a release.
const sumLength = 16

// sumOf is the SHA-256 of data in hex.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
