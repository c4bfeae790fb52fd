// Package git drives deploy targets that are branches of a Git repository, as git-sync and Airflow's Git bundles read them.
//
// # Branches
//
// The DAGs lie in a folder of one branch, of which every release is one commit. The state lies on a branch of its own, so that Airflow never fetches it, and the lock on a third one, so that
// renewing it is no change of either. All three only ever move forward: nothing is forced, no history is rewritten, and a bundle version that
// Airflow pinned to a commit stays there to be fetched. A push of the first two is atomic (`git push --atomic`): it is the moment of the deploy, and it is refused when
// anyone else pushed in between.
//
// # The program git
//
// The system's own `git` does the work, so that the user's credential helpers, ssh keys, proxies and rewritten URLs are what counts, as in a terminal. It works in a
// bare repository in a cache folder, which holds the newest commit of each branch, is locked while it is changed, and may be deleted at any time. There is no
// work tree: commits are made by `git fast-import`.
//
// # Versions
//
// The version of a file is its blob id, which is a hash of its content.
package git
