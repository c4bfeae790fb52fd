package metastore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheLockNamesJarsOnceAndInOrder(t *testing.T) {
	t.Parallel()
	jars, err := locked()
	if err != nil || len(jars) < 100 {
		t.Fatalf("%d jars: %v", len(jars), err)
	}
	var paths []string
	for _, jar := range jars {
		paths = append(paths, jar.path)
		if !strings.HasSuffix(jar.path, ".jar") {
			t.Errorf("%s is no jar", jar.path)
		}
	}
	if !slices.IsSorted(paths) || len(slices.Compact(slices.Clone(paths))) != len(paths) {
		t.Error("jars.lock is not sorted, or names a jar twice")
	}
	if !slices.Contains(paths, "org/apache/hive/hive-standalone-metastore/3.1.3/hive-standalone-metastore-3.1.3.jar") {
		t.Error("the metastore itself is missing")
	}
}

func TestAJarThatChangedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "org", "a.jar")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("as it was locked"))
	jars := []jar{{sum: hex.EncodeToString(sum[:]), path: "org/a.jar"}}
	if _, err := check(dir, jars); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing jar: %v", err)
	}
	for text, refused := range map[string]bool{"as it was locked": false, "as someone else had it": true} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		paths, err := check(dir, jars)
		if refused != (err != nil) {
			t.Errorf("%q: %v", text, err)
		}
		if !refused && !slices.Equal(paths, []string{path}) {
			t.Errorf("paths %v", paths)
		}
		if refused && !strings.Contains(err.Error(), "jars.lock wants "+jars[0].sum) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheSiteIsXMLWhateverTheFolderIsCalled(t *testing.T) {
	t.Parallel()
	var read struct {
		Property []struct {
			Name  string `xml:"name"`
			Value string `xml:"value"`
		} `xml:"property"`
	}
	if err := xml.Unmarshal(site("/tmp/a & <b>"), &read); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, property := range read.Property {
		values[property.Name] = property.Value
	}
	if values["metastore.warehouse.dir"] != "/tmp/a & <b>/warehouse" || !strings.HasPrefix(values["javax.jdo.option.ConnectionURL"], "jdbc:derby:memory:") {
		t.Errorf("got %v", values)
	}
}
