package airflowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServeHTTP answers one request, after the faults that are in its way.
func (a *Airflow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.traffic.count(r)
	a.Live() // faults may be due
	w.Header().Set("Date", a.present().Format(http.TimeFormat))
	if fault, ok := a.faults.take(r, a.present()); ok {
		if fault.Before != nil {
			fault.Before()
		}
		if !fault.apply(w, r) {
			return
		}
		if fault.Cut {
			cut := &recorder{header: w.Header(), status: http.StatusOK}
			a.route(cut, r)
			cut.writeHalf(w)
			panic(http.ErrAbortHandler)
		}
	}
	a.route(w, r)
}

// route finds the endpoint. What no endpoint answers is refused in the shape of the version.
func (a *Airflow) route(w http.ResponseWriter, r *http.Request) {
	_, pattern := a.mux.Handler(r)
	slashInside := strings.Contains(strings.ToUpper(r.URL.EscapedPath()), "%2F") // WSGI decodes it, and then no route matches
	if pattern == "" || slashInside && !a.isV2 {
		a.refuse(w, notFound("Not Found"))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// answer is what an endpoint says. The zero status is 200.
type answer struct {
	status int
	body   any    // JSON
	text   string // plain text, where body is nil
}

// refusal is an answer with a bad status. Detail is a string, or what FastAPI has in its place.
type refusal struct {
	status int
	title  string // Airflow 2 only
	detail any
}

func (r *refusal) Error() string { return fmt.Sprintf("%d: %v", r.status, r.detail) }

func notFound(detail string) *refusal {
	return &refusal{status: http.StatusNotFound, title: "Not Found", detail: detail}
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, title: "Bad Request", detail: fmt.Sprintf(format, args...)}
}

func conflict(format string, args ...any) *refusal {
	return &refusal{status: http.StatusConflict, title: "Conflict", detail: fmt.Sprintf(format, args...)}
}

func forbidden() *refusal {
	return &refusal{status: http.StatusForbidden, title: "Forbidden", detail: "Forbidden"}
}

// endpoint answers one kind of request. The world is locked.
type endpoint func(r *http.Request) (answer, error)

// handle adds an endpoint behind authentication.
func (a *Airflow) handle(pattern string, e endpoint) {
	a.open(pattern, func(r *http.Request) (answer, error) {
		if err := a.authenticate(r); err != nil {
			return answer{}, err
		}
		if a.refuses(r.PathValue("dag")) {
			return answer{}, forbidden()
		}
		return e(r)
	})
}

// refuses says whether the user may not ask for the DAG. Who has permissions for single DAGs has none for one that does not exist: permissions come first.
func (a *Airflow) refuses(id string) bool {
	_, exists := a.dags[id]
	return a.hidden[id] || len(a.hidden) > 0 && id != "" && id != "~" && !exists
}

// open adds an endpoint that answers anybody.
func (a *Airflow) open(pattern string, e endpoint) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		defer a.live()()
		got, err := e(r)
		if err != nil {
			a.refuse(w, err)
			return
		}
		if got.status == 0 {
			got.status = http.StatusOK
		}
		if got.body == nil {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(got.status)
			_, _ = io.WriteString(w, got.text)
			return
		}
		writeJSON(w, got.status, "application/json", got.body)
	})
}

// refuse writes an error as problem+json or as FastAPI does.
func (a *Airflow) refuse(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, title: "Internal Server Error", detail: err.Error()}
	}
	if a.isV2 {
		writeJSON(w, r.status, "application/json", map[string]any{"detail": r.detail})
		return
	}
	writeJSON(w, r.status, "application/problem+json", map[string]any{
		"type": "https://airflow.apache.org/docs/stable-rest-api-ref.html#section/Errors", "title": r.title, "status": r.status, "detail": r.detail,
	})
}

func writeJSON(w http.ResponseWriter, status int, kind string, body any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(text []byte) (int, error) { return r.body.Write(text) }

// writeHalf announces the whole answer and sends half of it, at once: a connection that breaks before that is tried again by net/http.
func (r *recorder) writeHalf(w http.ResponseWriter) {
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()[:r.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
}

// Transport reaches the Airflow without a socket, so that nothing waits for a network inside testing/synctest.
func (a *Airflow) Transport() http.RoundTripper { return InProcess(a) }

// InProcess reaches any handler in the same way, such as one that stands in front of an Airflow.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

// RoundTrip gives the request to the handler. A handler that aborts is a connection that breaks: with an answer begun, inside its body.
func (t inProcess) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}}
	aborted := t.serve(w, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if aborted && w.status == 0 {
		return nil, io.EOF
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	var body io.Reader = &w.body
	if aborted {
		body = io.MultiReader(body, brokenPipe{})
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: -1, Request: req,
	}, nil
}

func (t inProcess) serve(w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch reason := recover(); reason {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(reason)
		}
	}()
	t.handler.ServeHTTP(w, r)
	return false
}

// brokenPipe is the rest of a body that was cut off.
type brokenPipe struct{}

func (brokenPipe) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Serve serves the Airflow on a free port of this machine until the context ends, and then closes done. url is its address.
func (a *Airflow) Serve(ctx context.Context) (url string, done <-chan struct{}, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serve a simulated Airflow: %w", err)
	}
	server := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		defer close(ended)
		defer stop()
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), ended, nil
}

// traffic counts requests.
type traffic struct {
	mu      sync.Mutex
	seen    int
	longest int
}

func (t *traffic) count(r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen++
	t.longest = max(t.longest, len(r.URL.String()))
}

// Requests is how many requests have come in.
func (a *Airflow) Requests() int {
	a.traffic.mu.Lock()
	defer a.traffic.mu.Unlock()
	return a.traffic.seen
}

// LongestURL is the length in bytes of the longest address that was asked for.
func (a *Airflow) LongestURL() int {
	a.traffic.mu.Lock()
	defer a.traffic.mu.Unlock()
	return a.traffic.longest
}
