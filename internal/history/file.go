package history

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"chrononctl/internal/fleet"
)

// The files of a context.
const (
	pastFile    = "past"
	pictureFile = "picture"
	readingFile = "reading"
)

const (
	format    = 2         // of the files; the shape of what they hold is told beside it
	mostFile  = 32 << 20  // bytes of a file
	mostBytes = 256 << 20 // bytes of what it unpacks to
)

// content is what a file holds: its shape, and how it is read and written.
type content struct {
	shape string
	read  func(io.Reader) error
	write func(io.Writer) error
}

// header is the first line of a file: what it is, its format, the shape of its content, the Airflow, and the sum of the rest.
func header(name, url, shape string, sum []byte) string {
	server := sha256.Sum256([]byte(url))
	return fmt.Sprintf("chrononctl-history %s %d %s %s %s\n", name, format, shape, hex.EncodeToString(server[:8]), hex.EncodeToString(sum))
}

// read takes in a file; one that is not there leaves everything as it is.
func (h *History) read(name string, c content) error {
	path := filepath.Join(Dir(h.opts.Dir, h.opts.Context), name)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ignored(name, "cannot be read: "+err.Error())
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostFile+1))
	switch {
	case err != nil:
		return ignored(name, "cannot be read: "+err.Error())
	case len(text) > mostFile:
		return ignored(name, "is larger than any that this program writes")
	}
	line, packed, _ := bytes.Cut(text, []byte("\n"))
	sum := sha256.Sum256(packed)
	if err := fits(name, string(line)+"\n", header(name, h.opts.URL, c.shape, sum[:])); err != nil {
		return err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return ignored(name, "cannot be read: "+err.Error())
	}
	if err := c.read(bufio.NewReader(io.LimitReader(unpacked, mostBytes))); err != nil {
		return ignored(name, "cannot be read: "+err.Error())
	}
	return nil
}

// fits compares the first line of a file with what it should be.
func fits(name, has, want string) error {
	got, should := strings.Fields(has), strings.Fields(want)
	if len(got) != len(should) || got[0] != should[0] || got[1] != should[1] {
		return ignored(name, "is no such file")
	}
	for i, why := range []string{2: "was written by another version", 3: "was written by another version", 4: "is of another Airflow", 5: "is damaged"} {
		if got[i] != should[i] {
			return ignored(name, why)
		}
	}
	return nil
}

func ignored(name, why string) error {
	return fmt.Errorf("the %s that was kept of this context is not used: it %s", name, why)
}

// write places a file. It is packed on its way to the disk, because the history of a large Airflow is larger than the picture that the console shows.
func (h *History) write(name string, c content) error {
	dir := Dir(h.opts.Dir, h.opts.Context)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // it is gone when all went well
	// Nothing waits for the disk: what a crash tears does not fit its sum.
	if err := errors.Join(pack(file, name, h.opts.URL, c), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(dir, name))
}

// pack writes a file's header and its content. The sum is known at the end; the header is as long with another one.
func pack(file *os.File, name, url string, c content) error {
	sum := sha256.New()
	if _, err := io.WriteString(file, header(name, url, c.shape, sum.Sum(nil))); err != nil {
		return err
	}
	zip, err := gzip.NewWriterLevel(io.MultiWriter(file, sum), gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := errors.Join(c.write(zip), zip.Close()); err != nil {
		return err
	}
	if size, err := file.Seek(0, io.SeekCurrent); err != nil || size > mostFile {
		return cmp.Or(err, fmt.Errorf("the %s of this context is larger than %d MB", name, mostFile>>20))
	}
	_, err = file.WriteAt([]byte(header(name, url, c.shape, sum.Sum(nil))), 0)
	return err
}

// shapeOf tells values of one version of the program from those of the next: names and types of all fields, and the order of the states, which are
// written as numbers.
func shapeOf(value any) string {
	var out strings.Builder
	fmt.Fprint(&out, fleet.HealthWords())
	writeShape(&out, reflect.TypeOf(value), make(map[reflect.Type]bool))
	sum := sha256.Sum256([]byte(out.String()))
	return hex.EncodeToString(sum[:8])
}

func writeShape(out *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	fmt.Fprintf(out, " %s:%s", t, t.Kind())
	if seen[t] || t.PkgPath() == "time" {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Struct:
		for field := range t.Fields() {
			fmt.Fprintf(out, " %s", field.Name)
			writeShape(out, field.Type, seen)
		}
	case reflect.Slice, reflect.Array:
		writeShape(out, t.Elem(), seen)
	case reflect.Map:
		writeShape(out, t.Key(), seen)
		writeShape(out, t.Elem(), seen)
	default:
	}
}
