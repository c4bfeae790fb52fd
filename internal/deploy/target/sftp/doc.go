// Package sftp drives deploy targets that are folders on another machine, behind OpenSSH.
//
// # The connection
//
// The system's own `ssh` carries it, with the sftp subsystem of the server: so the user's ssh configuration, agent, keys, jump hosts and known hosts are what counts, as in a terminal.
// Nothing is asked: the driver turns prompts off, and a host key that is not known is refused. The connection is opened by the first operation
// and closed when nothing used it for a while.
//
// # Writes
//
// A file is written beside its destination, flushed (fsync@openssh.com) and renamed over it (posix-rename@openssh.com): SFTP's own rename does not
// replace. A server without these two extensions is refused before anything is written.
//
// # The lock
//
// The protocol has no conditional write, but a hard link (hardlink@openssh.com) fails when its name exists. The lock record is therefore a row of files
// with rising numbers, of which the highest counts: the writer that replaces number 7 links its record as number 8, and of several one succeeds. See [record].
package sftp
