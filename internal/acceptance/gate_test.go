//go:build real

package acceptance

import (
	"io"
	"net"
	"sync"
	"testing"
)

// gate is an address that leads to another one while it is open, and refuses connections while it is closed.
type gate struct {
	address string // of the gate
	target  string // where it leads to; set before it is opened

	listener net.Listener
	passing  sync.WaitGroup
}

// newGate chooses the address of a gate, which is closed.
func newGate(t *testing.T) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return &gate{address: listener.Addr().String()}
}

func (g *gate) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	g.listener = listener
	g.passing.Go(func() {
		for {
			incoming, err := listener.Accept()
			if err != nil {
				return // closed
			}
			g.passing.Go(func() { pass(incoming, g.target) })
		}
	})
}

// pass copies both ways until one side ends.
func pass(incoming net.Conn, target string) {
	defer incoming.Close()
	outgoing, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer outgoing.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{incoming, outgoing}, {outgoing, incoming}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
}

// close refuses new connections and waits for those that passed.
func (g *gate) close() error {
	if g.listener == nil {
		return nil
	}
	err := g.listener.Close()
	g.passing.Wait()
	return err
}
