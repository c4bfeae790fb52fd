package airflowclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"chrononctl/airflowclient"
)

// ending is a server that ends every request other than the version probe in the given way.
func ending(f *fake, end func(*http.Request) (*http.Response, error)) transport {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := f.RoundTrip(req)
		if err != nil || strings.HasSuffix(req.URL.Path, "/version") {
			return resp, err
		}
		_ = resp.Body.Close()
		return end(req)
	}
}

func status(code int, body io.Reader) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Body: io.NopCloser(body), Request: req, Header: http.Header{}}, nil
	}
}

func TestChangeWhoseAnswerIsLostIsAmbiguous(t *testing.T) {
	t.Parallel()
	failed := func(err error) func(*http.Request) (*http.Response, error) {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	for _, test := range []struct {
		name string
		end  func(*http.Request) (*http.Response, error)
		want bool
	}{
		{"the connection breaks", failed(errors.New("connection reset by peer")), true},
		{"the body is cut", status(200, io.MultiReader(strings.NewReader(`{"dag_id"`), failing{})), true},
		{"a gateway gives up", status(504, strings.NewReader("")), true},
		{"a gateway loses the server", status(502, strings.NewReader("")), true},
		{"the server is busy", status(503, strings.NewReader("")), false},
		{"the server fails", status(500, strings.NewReader("")), false},
		{"nobody listens", failed(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), false},
		{"the proxy refuses", failed(&net.OpError{Op: "proxyconnect", Err: errors.New("forbidden")}), false},
		{"the name is unknown", failed(&net.DNSError{Err: "no such host", Name: "airflow"}), false},
		{"the server dislikes the certificate", failed(errors.New("remote error: tls: certificate required")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV2, nil)
			c := newClient(t, ending(f, test.end), airflowclient.Config{MaxTries: 1})
			err := c.SetPaused(t.Context(), "x", true)
			if airflowclient.IsAmbiguous(err) != test.want || strings.Contains(err.Error(), "may have been made") != test.want {
				t.Errorf("got %v, want ambiguous %t", err, test.want)
			}
			if hint := asError(t, err).Hint(); test.want && !strings.Contains(hint, "look whether it was made") {
				t.Errorf("hint %q", hint)
			}
			if n := len(f.requests("/api/v2/dags/x")); n != 1 {
				t.Errorf("sent %d times, want once", n)
			}
			if _, err := c.DAG(t.Context(), "x"); airflowclient.IsAmbiguous(err) {
				t.Errorf("a read is never ambiguous: %v", err)
			}
		})
	}
}

func TestCancelledChangeSaysThatItMayHaveBeenMade(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake(apiV2, nil)
	c := newClient(t, ending(f, func(req *http.Request) (*http.Response, error) {
		cancel()
		return nil, req.Context().Err()
	}), airflowclient.Config{})
	err := c.SetPaused(ctx, "x", true)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "may have been made") {
		t.Errorf("got %v", err)
	}
	if err := c.SetPaused(ctx, "x", true); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "may have been made") {
		t.Errorf("cancelled before it was sent: %v", err)
	}
}
