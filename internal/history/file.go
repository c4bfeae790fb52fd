package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/gob"
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
	format    = 1         // of the files; the shape of what they hold is told beside it
	mostFile  = 32 << 20  // bytes of a file
	mostBytes = 256 << 20 // bytes of what it unpacks to
)

// header is the first line of a file: what it is, its format, the shape of its values, the Airflow, and the sum of the rest.
func header(name, url, shape string, packed []byte) string {
	sum, server := sha256.Sum256(packed), sha256.Sum256([]byte(url))
	return fmt.Sprintf("chrononctl-history %s %d %s %s %s\n", name, format, shape, hex.EncodeToString(server[:8]), hex.EncodeToString(sum[:]))
}

// read fills value from a file; one that is not there leaves it as it is.
func (h *History) read(name string, value any) error {
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
	if err := fits(name, string(line)+"\n", header(name, h.opts.URL, shapeOf(value), packed)); err != nil {
		return err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return ignored(name, "cannot be read: "+err.Error())
	}
	if err := gob.NewDecoder(bufio.NewReader(io.LimitReader(unpacked, mostBytes))).Decode(value); err != nil {
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

// write places a file with the value.
func (h *History) write(name string, value any) error {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(zip).Encode(value); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if packed.Len() > mostFile-1000 {
		return fmt.Errorf("the %s of this context is larger than %d MB", name, mostFile>>20)
	}
	dir := Dir(h.opts.Dir, h.opts.Context)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // it is gone when all went well
	_, err = io.WriteString(file, header(name, h.opts.URL, shapeOf(value), packed.Bytes()))
	if err == nil {
		_, err = packed.WriteTo(file)
	}
	// Nothing waits for the disk: what a crash tears does not fit its sum.
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(dir, name))
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
