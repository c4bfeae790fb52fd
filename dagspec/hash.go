package dagspec

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"reflect"
	"slices"
)

// sumDAG is the identity of what a DAG's tasks use: the definition itself, which names its confs, its team's part of teams.json and the runtime by their
// contents, and the settings that reach it. It changes exactly when one of them does.
func (b *builder) sumDAG(dag *DAG) string {
	defined := *dag
	defined.Hash = ""
	d := newDigest()
	d.add(reflect.ValueOf(defined))
	d.add(reflect.ValueOf(b.s.Bundle))
	return d.hex()
}

// digest sums values of all exported fields up. Each text and list comes with its length, so that no two values look alike.
type digest struct {
	sum hash.Hash
	buf []byte
}

func newDigest() *digest { return &digest{sum: sha256.New()} }

// digestBuffer is how much is gathered before it is summed up.
const digestBuffer = 4096

// add takes a value in: a new field of a definition counts without being named here.
func (d *digest) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.text(v.String())
	case reflect.Bool:
		d.number(uint64(boolInt(v.Bool()))) //nolint:gosec // 0 or 1
	case reflect.Int:
		d.number(uint64(v.Int())) //nolint:gosec // any bits do
	case reflect.Float64:
		d.number(math.Float64bits(v.Float()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Date]() {
			d.text(v.Interface().(Date).String())
			return
		}
		for i := range v.NumField() { //nolint:modernize // Fields makes a StructField for each, with an allocation
			d.add(v.Field(i))
		}
	case reflect.Slice:
		d.number(uint64(v.Len())) //nolint:gosec // never negative
		for i := range v.Len() {
			d.add(v.Index(i))
		}
	case reflect.Pointer:
		d.number(uint64(boolInt(!v.IsNil()))) //nolint:gosec // 0 or 1
		if !v.IsNil() {
			d.add(v.Elem())
		}
	case reflect.Map:
		texts := v.Interface().(map[string]string)
		d.number(uint64(len(texts)))
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			d.text(key)
			d.text(texts[key])
		}
	default:
		panic(fmt.Sprintf("dagspec: a definition holds a %s, which has no hash", v.Type())) // a new kind of field must be thought of here
	}
}

func (d *digest) text(s string) {
	d.number(uint64(len(s)))
	d.buf = append(d.buf, s...)
}

func (d *digest) number(n uint64) {
	if len(d.buf) > digestBuffer {
		d.sum.Write(d.buf)
		d.buf = d.buf[:0]
	}
	d.buf = binary.AppendUvarint(d.buf, n)
}

func (d *digest) hex() string {
	d.sum.Write(d.buf)
	d.buf = d.buf[:0]
	return hex.EncodeToString(d.sum.Sum(nil))
}
