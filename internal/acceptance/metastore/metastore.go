// Package metastore runs a real Hive metastore on this machine, for tests of what asks one.
//
// It is Hive's standalone metastore with an in-memory Derby database: a JVM that speaks Thrift, knows databases, tables
// and partitions, and has no Hive and no Hadoop behind it. pom.xml names what it consists of; Maven fetches that, and every jar is held
// to the SHA-256 sums of jars.lock before the JVM sees it. The jars stay in a cache folder; a start takes some seconds.
//
// To change versions, edit pom.xml, let Maven copy the jars as jars.go does, and write jars.lock anew, sorted by path:
//
//	find . -name '*.jar' -printf '%P\n' | LC_ALL=C sort | xargs sha256sum
package metastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options says how to start a metastore.
type Options struct {
	Cache    string            // folder that keeps the jars between starts
	Dir      string            // folder for its log and its warehouse; it must exist
	Progress func(line string) // told before something long begins; nil is silent
	Patience time.Duration     // how long it may take to listen; 0 is 2 min
}

// Metastore is a running metastore. It must be stopped.
type Metastore struct {
	Port int    // on the loopback address
	Log  string // path of what it prints

	cmd  *exec.Cmd
	life *os.File      // the writing end of its guard's standard input
	done chan struct{} // closed when the JVM has ended
	err  error         // how it ended; to be read after done
}

// guard runs a program and ends it when standard input is closed, as the kernel does when we die. The program itself gets no input.
const guard = `"$@" </dev/null & job=$!; { cat >/dev/null; kill "$job" 2>/dev/null; } <&3 & wait "$job"`

// opened are the packages of the JDK that Hive 3.1, made for Java 8, reaches into.
var opened = []string{"java.lang", "java.net", "java.util", "java.util.concurrent", "java.nio", "java.io", "java.math", "java.time", "java.sql"}

// Start fetches the jars where they are missing, starts the metastore and waits until it listens. The context covers the start only.
func Start(ctx context.Context, options Options) (*Metastore, error) {
	jars, err := fetch(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("fetch the Hive metastore: %w", err)
	}
	m := &Metastore{Log: filepath.Join(options.Dir, "metastore.log"), done: make(chan struct{})}
	if m.Port, err = freePort(ctx); err != nil {
		return nil, fmt.Errorf("start the Hive metastore: %w", err)
	}
	if err := m.launch(jars, options.Dir); err != nil {
		return nil, fmt.Errorf("start the Hive metastore: %w", err)
	}
	patience := options.Patience
	if patience == 0 {
		patience = 2 * time.Minute
	}
	if err := m.await(ctx, patience); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Hive metastore: %w", err), m.Stop())
	}
	return m, nil
}

// Address is where it listens, "127.0.0.1:41233".
func (m *Metastore) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port)) }

// Stop ends the metastore, and with it all that it knew.
func (m *Metastore) Stop() error {
	m.life.Close()
	patience := time.NewTimer(20 * time.Second)
	defer patience.Stop()
	select {
	case <-m.done:
		return nil
	case <-patience.C:
		return fmt.Errorf("stop the Hive metastore: process %d does not end", m.cmd.Process.Pid)
	}
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// launch starts the JVM under its guard.
func (m *Metastore) launch(jars []string, dir string) error {
	conf := filepath.Join(dir, "conf")
	if err := errors.Join(os.MkdirAll(conf, 0o755), os.WriteFile(filepath.Join(conf, "metastore-site.xml"), site(dir), 0o644)); err != nil {
		return err
	}
	log, err := os.Create(m.Log)
	if err != nil {
		return err
	}
	defer log.Close()
	reading, life, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reading.Close()
	args := []string{"-c", guard, "guard", "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}
	for _, name := range opened {
		module := "java.base"
		if name == "java.sql" {
			module = "java.sql"
		}
		args = append(args, "--add-opens", module+"/"+name+"=ALL-UNNAMED")
	}
	args = append(args, "-cp", strings.Join(append([]string{conf}, jars...), string(filepath.ListSeparator)),
		"org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", strconv.Itoa(m.Port))
	m.cmd = exec.Command("/bin/sh", args...) //nolint:noctx // it outlives the context of its start
	m.cmd.Dir = dir
	m.cmd.Stdout, m.cmd.Stderr, m.cmd.ExtraFiles = log, log, []*os.File{reading} // descriptor 3
	if err := m.cmd.Start(); err != nil {
		life.Close()
		return err
	}
	m.life = life
	go func() {
		m.err = m.cmd.Wait()
		close(m.done)
	}()
	return nil
}

// await waits until the metastore listens.
func (m *Metastore) await(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	var dialer net.Dialer
	for {
		connection, err := dialer.DialContext(ctx, "tcp", m.Address())
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ticker.C:
		case <-m.done:
			return fmt.Errorf("it ended (%w); the end of %s:\n%s", m.err, m.Log, tail(m.Log))
		case <-ctx.Done():
			return fmt.Errorf("it does not listen on %s: %w; the end of %s:\n%s", m.Address(), ctx.Err(), m.Log, tail(m.Log))
		}
	}
}

// tail returns the last lines of a file.
func tail(path string) string {
	const most = 4 << 10
	file, err := os.Open(path)
	if err != nil {
		return "(no log)"
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > most {
		_, _ = file.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	return strings.TrimSpace(string(text))
}
