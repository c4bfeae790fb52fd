package dagspec

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sync"
)

//go:embed runtime/chronon_rt/*.py
var runtimeFiles embed.FS

// runtimeFile is one Python module of the runtime.
type runtimeFile struct {
	name string
	data []byte
}

// runtimeModules are the modules of the runtime, by name, and the hash of them all. The embedded files never change, so neither does the answer.
var runtimeModules = sync.OnceValues(func() ([]runtimeFile, string) {
	const dir = "runtime/chronon_rt"
	entries, err := fs.ReadDir(runtimeFiles, dir)
	if err != nil {
		panic(fmt.Sprintf("dagspec: the embedded runtime cannot be read: %v", err))
	}
	var files []runtimeFile
	sum := sha256.New()
	for _, entry := range entries { // sorted by name
		data, err := runtimeFiles.ReadFile(path.Join(dir, entry.Name()))
		if err != nil {
			panic(fmt.Sprintf("dagspec: the embedded runtime cannot be read: %v", err))
		}
		files = append(files, runtimeFile{entry.Name(), data})
		fmt.Fprintf(sum, "%s %d\n", entry.Name(), len(data))
		sum.Write(data)
	}
	return files, hex.EncodeToString(sum.Sum(nil))[:12]
})

// runtimeHash is the hash by which the runtime is deployed.
func runtimeHash() string {
	_, hash := runtimeModules()
	return hash
}
