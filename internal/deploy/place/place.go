// Package place opens the deploy target that the project file describes: it is the one place that knows every driver.
package place

import (
	"context"
	"fmt"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/gcs"
	"chrononctl/internal/deploy/target/bucket/s3"
	"chrononctl/internal/deploy/target/command"
	"chrononctl/internal/deploy/target/git"
	"chrononctl/internal/deploy/target/sftp"
)

// Place is a target as the project file describes it. Which fields count is the kind's affair; internal/config checks that no other is set.
type Place struct {
	Kind   string // dir, git, s3, gcs, sftp or command
	Path   string // what Airflow scans: a folder, a folder of the branch, a prefix of the bucket
	Folder string // our folder below it, made by the first deploy; empty: Path itself
	State  string // manifests, lock, contents: a folder, a branch or a prefix; empty: one beside Path

	URL    string // of a Git repository
	Branch string // of it, that Airflow follows

	Bucket   string // of S3 or Google Cloud Storage
	Region   string // of an S3 bucket
	Profile  string // of the AWS configuration
	Endpoint string // of a server that is not the provider's

	Host string // of SFTP: a name or an alias of the ssh configuration
	Port int
	User string

	Argv []string // of a tool that takes a finished folder
}

// Local tells that Path and State are names of this machine's file system, so that a relative one has a place where it starts.
func (p Place) Local() bool { return p.Kind == "dir" || p.Kind == "command" }

// Open describes the target of a place. It asks no server, but on Google's machines for credentials. Cache is a folder that a git target may keep
// fetched commits in.
func Open(ctx context.Context, p Place, cache string) (target.Target, error) {
	switch p.Kind {
	case "dir":
		return target.NewDir(target.DirOptions{Path: p.Path, Folder: p.Folder, State: p.State})
	case "git":
		return git.New(git.Options{URL: p.URL, Branch: p.Branch, Path: p.Path, Folder: p.Folder, State: p.State, Cache: cache})
	case "s3":
		store, err := s3.Open(ctx, s3.Options{Bucket: p.Bucket, Region: p.Region, Profile: p.Profile, Endpoint: p.Endpoint})
		if err != nil {
			return nil, err
		}
		return bucket.New(bucket.Options{Store: store, Path: p.Path, Folder: p.Folder, State: p.State})
	case "gcs":
		store, err := gcs.Open(ctx, gcs.Options{Bucket: p.Bucket, Endpoint: p.Endpoint})
		if err != nil {
			return nil, err
		}
		return bucket.New(bucket.Options{Store: store, Path: p.Path, Folder: p.Folder, State: p.State})
	case "sftp":
		return sftp.New(sftp.Options{Host: p.Host, Port: p.Port, User: p.User, Path: p.Path, Folder: p.Folder, State: p.State})
	case "command":
		return command.New(command.Options{Argv: p.Argv, State: p.State})
	default:
		return nil, fmt.Errorf("target kind %q is none of dir, git, s3, gcs, sftp, command", p.Kind)
	}
}
