package local

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// loopback is the only address that anything listens on.
const loopback = "127.0.0.1"

// ports are what an instance listens on. The logs of running tasks are served by a process of their own.
type ports struct {
	web  int // API server of Airflow 3, web server of Airflow 2
	logs int
}

// PortTakenError says that the port which was asked for is in use.
type PortTakenError struct{ Port int }

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d of this machine is taken by another program", e.Port)
}

// Hint names the next step.
func (e *PortTakenError) Hint() string { return "name another port, or none to take a free one" }

// CheckPort says whether an instance could listen on a port now; 0 is any. The error is a *[PortTakenError].
func CheckPort(port int) error {
	if port != 0 && !isFree(port) {
		return &PortTakenError{Port: port}
	}
	return nil
}

// choosePorts chooses the ports of one attempt. They are free now, and someone else may take them before we do.
func (o Options) choosePorts() (ports, error) {
	chosen := ports{web: o.Port}
	if err := CheckPort(o.Port); err != nil {
		return chosen, err
	}
	for _, port := range []*int{&chosen.web, &chosen.logs} {
		if *port != 0 {
			continue
		}
		free, err := o.FreePort()
		if err != nil {
			return chosen, fmt.Errorf("find a free port: %w", err)
		}
		*port = free
	}
	return chosen, nil
}

// systemPort asks the system for a free port.
func systemPort() (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0")) //nolint:noctx // does not wait
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port))) //nolint:noctx // does not wait
	if err != nil {
		return false
	}
	listener.Close()
	return true
}

// lostPort says whether a component ended because another program had taken its port: uvicorn and gunicorn word it differently.
func lostPort(e *ComponentError) bool {
	text := strings.ToLower(e.Tail)
	return strings.Contains(text, "address already in use") || strings.Contains(text, "connection in use")
}
