package mwaa

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"chrononctl/airflowclient"
)

// URL is an address to give to a client whose requests all go through [Environment.Transport]: it names the environment, and nobody
// looks it up.
func (e *Environment) URL() string {
	return "https://" + strings.ToLower(e.opts.Name) + "." + e.opts.Region + ".mwaa.invalid"
}

// Transport carries the requests of a client through InvokeRestApi. AWS adds the credentials for Airflow, so the client has none.
func (e *Environment) Transport() http.RoundTripper { return invoker{e} }

type invoker struct{ env *Environment }

// invocation is the body of InvokeRestApi. The path lies below /api/v1 or /api/v2, whichever the environment has.
type invocation struct {
	Method string          `json:"Method"`
	Path   string          `json:"Path"`
	Query  map[string]any  `json:"QueryParameters,omitempty"`
	Body   json.RawMessage `json:"Body,omitempty"`
}

// longestPath is what AWS's reference allows.
const longestPath = 64

// RoundTrip wraps a request, and unwraps the answer of Airflow from that of AWS.
func (i invoker) RoundTrip(req *http.Request) (*http.Response, error) {
	wrapped, err := wrap(req)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(wrapped)
	if err != nil {
		return nil, fmt.Errorf("wrap the request for AWS: %w", err)
	}
	got, err := i.env.send(req.Context(), "/restapi/", text)
	if err != nil {
		return nil, err
	}
	var inner struct {
		Status   int             `json:"RestApiStatusCode"`
		Response json.RawMessage `json:"RestApiResponse"`
	}
	if json.Unmarshal(got.body, &inner) == nil && inner.Status != 0 {
		return unwrap(req, got.header, inner.Status, inner.Response), nil
	}
	if got.status == http.StatusTooManyRequests || got.status >= http.StatusInternalServerError {
		return unwrap(req, got.header, got.status, got.body), nil // the client knows when to try again
	}
	if name, _ := got.words(); name == "ValidationException" && len(wrapped.Path) > longestPath {
		return nil, &airflowclient.Error{
			Kind: airflowclient.KindUnsupported, Status: got.status,
			Detail: fmt.Sprintf("AWS's InvokeRestApi takes no path of %d characters", len(wrapped.Path)),
		}
	}
	return nil, got.refusal()
}

// wrap takes a request apart.
func wrap(req *http.Request) (invocation, error) {
	path := req.URL.EscapedPath()
	below, isAPI := strings.CutPrefix(path, "/api/v1")
	if !isAPI {
		below, isAPI = strings.CutPrefix(path, "/api/v2")
	}
	if !isAPI {
		return invocation{}, &airflowclient.Error{Kind: airflowclient.KindUnsupported, Detail: "AWS's InvokeRestApi carries requests to Airflow's REST API only"}
	}
	wrapped := invocation{Method: req.Method, Path: below, Query: parameters(req.URL.Query())}
	if req.Body == nil {
		return wrapped, nil
	}
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return invocation{}, fmt.Errorf("read the request: %w", err)
	}
	if len(body) > 0 {
		wrapped.Body = body
	}
	return wrapped, nil
}

// parameters are a query as JSON: one value is a text, several are a list.
func parameters(query url.Values) map[string]any {
	all := make(map[string]any, len(query))
	for name, values := range query {
		if all[name] = values; len(values) == 1 {
			all[name] = values[0]
		}
	}
	return all
}

// unwrap is Airflow's answer as Airflow would have sent it.
func unwrap(req *http.Request, outer http.Header, status int, body json.RawMessage) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	for _, name := range []string{"Date", "Retry-After"} {
		if value := outer.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
