package dagspec

import (
	"embed"
	"io/fs"
	"reflect"
	"sync"
)

// Cache keeps DAG files that were written before. A key is a SHA-256 in hex over everything that the file's text is made of, so an entry is right
// for ever or not there at all: nothing has to be told to a cache, and it may lose everything at any time.
//
// Both methods are called from several goroutines at once.
type Cache interface {
	// Get returns what was put under the key. A cache that cannot say that it is just that says false.
	Get(key string) ([]byte, bool)
	// Put may keep data under the key, or not.
	Put(key string, data []byte)
}

//go:embed render.go render_dag.go pyliteral.go
var renderSources embed.FS

// rendererSum identifies the code that writes DAG files: another version of it may write the same DAG in other words.
var rendererSum = sync.OnceValue(func() string {
	sum := newDigest()
	names, err := fs.Glob(renderSources, "*.go")
	if err != nil {
		panic("dagspec: the embedded sources cannot be listed: " + err.Error())
	}
	for _, name := range names {
		source, err := renderSources.ReadFile(name)
		if err != nil {
			panic("dagspec: the embedded sources cannot be read: " + err.Error())
		}
		sum.text(name)
		sum.text(string(source))
	}
	return sum.hex()
})

// fileKey is the key of a DAG file. The hash of a DAG covers what its tasks will use, but in 12 digits; here are all of them: as
// [Build] has summed them up, or else summed up here.
func (r *renderer) fileKey(dags []*DAG) string {
	sum := newDigest()
	sum.text(rendererSum())
	sum.text(runtimeHash())
	sum.add(reflect.ValueOf(r.s.Bundle))
	sum.add(reflect.ValueOf(r.s.Run.Env))
	sum.text(renderSettings(dags[0].Kind, r.s))
	for _, dag := range dags {
		known := r.sums[dag.ID]
		if sum.text(known); known == "" {
			sum.add(reflect.ValueOf(*dag))
		}
	}
	return sum.hex()
}

// cached is the text of a DAG file, from the cache or written now.
func (r *renderer) cached(dags []*DAG) ([]byte, error) {
	if r.cache == nil {
		return r.write(dags)
	}
	key := r.fileKey(dags)
	if text, ok := r.cache.Get(key); ok {
		return text, nil
	}
	text, err := r.write(dags)
	if err == nil {
		r.cache.Put(key, text)
	}
	return text, err
}
