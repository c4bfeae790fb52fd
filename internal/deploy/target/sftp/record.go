package sftp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/pkg/sftp"

	"chrononctl/internal/deploy/target"
)

// recordFolder is the folder of the lock records in the state.
const recordFolder = "lock"

// record is the lock record: of the files 1, 2, 3 … in the folder the highest counts. Files below it are removed by whoever wrote it, and never the highest, so that a
// writer which slept and links a number that was removed in the meantime finds a higher one afterwards, and takes its link back.
type record struct {
	wire   *wire
	folder string
}

var _ target.LeaseStore = record{}

func (r record) name(number int) string { return path.Join(r.folder, strconv.Itoa(number)) }

// ReadRecord implements [target.LeaseStore]. The clock of the other machine is read off a file that is made for it.
func (r record) ReadRecord(ctx context.Context) ([]byte, target.Version, time.Duration, error) {
	client, release, err := r.begin(ctx)
	if err != nil {
		return nil, target.Absent, 0, err
	}
	defer release()
	for {
		numbers, err := r.numbers(client)
		if err != nil {
			return nil, target.Absent, 0, err
		}
		if len(numbers) == 0 {
			return nil, target.Absent, 0, fs.ErrNotExist
		}
		highest := numbers[len(numbers)-1]
		data, written, err := r.read(client, highest)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a higher one came, and this one went
		}
		if err != nil {
			return nil, target.Absent, 0, r.wire.explain("read the lock", err)
		}
		now, err := r.now(client)
		return data, version(highest), max(0, now.Sub(written)), err
	}
}

func version(number int) target.Version { return target.Version(strconv.Itoa(number)) }

func (r record) begin(ctx context.Context) (client *sftp.Client, release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return r.wire.take()
}

// numbers are those of the records that are there, rising. Other names are files on their way.
func (r record) numbers(client *sftp.Client) ([]int, error) {
	entries, err := client.ReadDir(r.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, r.wire.explain("look at the lock", err)
	}
	var numbers []int
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (r record) read(client *sftp.Client, number int) ([]byte, time.Time, error) {
	data, err := readFile(client, r.name(number))
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := client.Stat(r.name(number))
	if err != nil {
		return nil, time.Time{}, err
	}
	return data, info.ModTime(), nil
}

// now is the other machine's clock, to the second.
func (r record) now(client *sftp.Client) (time.Time, error) {
	name := path.Join(r.folder, "clock-"+rand.Text()[:8])
	if err := createFile(client, name, nil); err != nil {
		return time.Time{}, r.wire.explain("read the clock", err)
	}
	info, err := client.Stat(name)
	err = errors.Join(err, client.Remove(name))
	if err != nil {
		return time.Time{}, r.wire.explain("read the clock", err)
	}
	return info.ModTime(), nil
}

// WriteRecord implements [target.LeaseStore].
func (r record) WriteRecord(ctx context.Context, data []byte, replaces target.Version) (target.Version, error) {
	client, release, err := r.begin(ctx)
	if err != nil {
		return target.Absent, err
	}
	defer release()
	before := 0
	if replaces != target.Absent {
		if before, err = strconv.Atoi(string(replaces)); err != nil {
			return target.Absent, fmt.Errorf("lock version %q: %w", replaces, err)
		}
	}
	if err := r.link(client, before+1, data); err != nil {
		return target.Absent, err
	}
	numbers, err := r.numbers(client)
	if err != nil {
		return target.Absent, err
	}
	if numbers[len(numbers)-1] != before+1 {
		_ = client.Remove(r.name(before + 1)) // it never counted; what stays is removed by the holder
		return target.Absent, &target.ConflictError{Path: "the lock"}
	}
	for _, old := range numbers[:len(numbers)-1] {
		_ = client.Remove(r.name(old)) // it does not count any more; what stays is removed by the next writer
	}
	return version(before + 1), nil
}

// link puts a record under a number that must be free, whole or not at all.
func (r record) link(client *sftp.Client, number int, data []byte) error {
	temp := path.Join(r.folder, "new-"+rand.Text()[:8])
	if err := createFile(client, temp, data); err != nil {
		return r.wire.explain("write the lock", err)
	}
	linked := client.Link(temp, r.name(number))
	err := client.Remove(temp)
	if linked == nil {
		return nil // a temporary file that stays is no harm
	}
	if _, statErr := client.Lstat(r.name(number)); statErr == nil {
		return &target.ConflictError{Path: "the lock"} // the protocol has no word for "exists"
	}
	return r.wire.explain("write the lock", errors.Join(linked, err))
}
