package metastore

import (
	"bytes"
	"encoding/xml"
	"path/filepath"
)

// site is the metastore's configuration: a database in memory, made when it starts, and no schema check, whose scripts are not in the jars.
func site(dir string) []byte {
	type property struct {
		Name  string `xml:"name"`
		Value string `xml:"value"`
	}
	configuration := struct {
		XMLName  xml.Name   `xml:"configuration"`
		Property []property `xml:"property"`
	}{Property: []property{
		{"javax.jdo.option.ConnectionURL", "jdbc:derby:memory:metastore;create=true"},
		{"javax.jdo.option.ConnectionDriverName", "org.apache.derby.jdbc.EmbeddedDriver"},
		{"datanucleus.schema.autoCreateAll", "true"},
		{"metastore.schema.verification", "false"},
		// The default one needs Hive's own jar.
		{"metastore.expression.proxy", "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy"},
		{"metastore.task.threads.always", "org.apache.hadoop.hive.metastore.events.EventCleanerTask"},
		{"metastore.warehouse.dir", filepath.Join(dir, "warehouse")},
	}}
	text, err := xml.MarshalIndent(configuration, "", "  ")
	if err != nil {
		panic(err) // strings can always be written
	}
	return append(bytes.TrimSpace(text), '\n')
}
