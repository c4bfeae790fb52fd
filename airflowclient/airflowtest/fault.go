package airflowtest

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault stands in the way of requests. Everything in it happens, in the order of the fields; the zero Fault changes nothing.
type Fault struct {
	Method string        // of the requests; "" is any
	Path   string        // part of their path; "" is any
	Skip   int           // so many requests pass first
	Times  int           // and so many are hit; 0: all of them, until [Airflow.Heal]
	From   time.Time     // by the server's clock; zero: now
	Until  time.Time     // from then on the fault is over; zero: it lasts
	Delay  time.Duration // before anything is answered
	Before func()        // called before the request is answered: what changes between two pages, say
	Drop   bool          // the connection is dropped without an answer
	Answer *BadAnswer    // instead of Airflow's own
	Cut    bool          // the connection is dropped in the middle of Airflow's answer
}

// BadAnswer is an answer that is not Airflow's.
type BadAnswer struct {
	Status int
	Header map[string]string
	Body   string
}

// Unavailable is a gateway's answer for an Airflow that is not there: 502, 503 or 504.
func Unavailable(status int) *BadAnswer {
	return &BadAnswer{Status: status, Header: map[string]string{"Content-Type": "text/html"}, Body: "<html><head><title>" + strconv.Itoa(status) + " " + http.StatusText(status) + "</title></head></html>"}
}

// TooMany is the answer to too many requests.
func TooMany(wait time.Duration) *BadAnswer {
	return &BadAnswer{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": strconv.Itoa(int(wait.Seconds()))}, Body: "slow down"}
}

// Unauthorized is the answer to a token that is not good any more.
func Unauthorized() *BadAnswer {
	return &BadAnswer{Status: http.StatusUnauthorized, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"detail":"Token Expired"}`}
}

// LoginPage is the page of a proxy that wants people to sign in, with the status of success.
func LoginPage() *BadAnswer {
	return &BadAnswer{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/html"}, Body: "<!doctype html><html><head><title>Sign in</title></head><body></body></html>"}
}

// Break puts faults in the way. The first one that fits a request hits it.
func (a *Airflow) Break(list ...Fault) {
	a.faults.add(list...)
}

// Heal takes all faults away.
func (a *Airflow) Heal() {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	a.faults.list = nil
}

type faults struct {
	mu   sync.Mutex
	list []*Fault
}

func (f *faults) add(list ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range list {
		f.list = append(f.list, &fault)
	}
}

// take finds the fault that hits a request.
func (f *faults) take(r *http.Request, now time.Time) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(fault *Fault) bool { return !fault.Until.IsZero() && !fault.Until.After(now) })
	for i, fault := range f.list {
		if fault.From.After(now) || fault.Method != "" && fault.Method != r.Method || !strings.Contains(r.URL.EscapedPath(), fault.Path) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		hit := *fault
		if fault.Times > 0 {
			if fault.Times--; fault.Times == 0 {
				f.list = slices.Delete(f.list, i, i+1)
			}
		}
		return hit, true
	}
	return Fault{}, false
}

// apply does what the fault does before Airflow answers, and reports whether it still may.
func (f Fault) apply(w http.ResponseWriter, r *http.Request) bool {
	if f.Delay > 0 {
		wait := time.NewTimer(f.Delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Answer == nil {
		return true
	}
	for name, value := range f.Answer.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Answer.Status)
	_, _ = io.WriteString(w, f.Answer.Body)
	return false
}
