package airflowclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultPatience = 3 * time.Minute
	defaultInFlight = 3
	defaultTries    = 3
	firstDelay      = 300 * time.Millisecond
	longestDelay    = time.Minute // a server that asks for more gets no second request from this call
	maxBody         = 256 << 20   // bytes of one answer; a longer one is not worth the memory
	maxRedirects    = 5
)

// call describes one request beyond what its HTTP form says. It travels in the context, so that requests built by
// airflow-client-go, which knows nothing of it, are treated like all others.
type call struct {
	op     string     // for errors
	tally  string     // for the meter; "": op
	read   bool       // changes nothing on the server: may be repeated
	stream bool       // a good answer is handed on unread; whoever asked reads and closes it
	anon   bool       // without credentials, because it fetches them
	probe  bool       // asks for the version: credentials that depend on the version are left out
	open   bool       // Airflow answers anybody, so a good answer says nothing about the credentials
	query  url.Values // parameters that the builder of the request has no method for
	serial int        // which token the last attempt carried, see tokenAuth
	sent   bool       // an attempt was handed to the network
	conn   *conn
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callFrom(ctx context.Context) (*call, bool) {
	c, ok := ctx.Value(callKey{}).(*call)
	return c, ok
}

// conn is the line to one server. It is an http.RoundTripper that authenticates, limits, repeats and counts; both dialects send
// through the one http.Client above it. It reads each body to its end before it answers, so that an answer that is cut off counts
// as a failed attempt and is asked for again.
type conn struct {
	base     *url.URL // without trailing slash
	client   *http.Client
	next     http.RoundTripper
	auth     Authenticator // nil: none
	now      func() time.Time
	agent    string
	timeout  time.Duration // of one attempt
	patience time.Duration // of one read with all its attempts
	tries    uint
	slots    chan struct{}
	quiet    atomic.Int64 // before this time, in Unix nanoseconds by our clock, the server wants no request from us
	meter    meter
	notes    notes
	date     atomic.Int64                       // the server's clock in its last answer, in Unix seconds; 0: it has not said
	dated    atomic.Int64                       // when that came, by the client's clock, in nanoseconds
	proven   atomic.Bool                        // the credentials have been accepted at least once
	api      func(context.Context) (int, error) // the API version of the server, asked for when unknown
}

// reply is an answer with a good status.
type reply struct {
	header http.Header
	body   []byte
	url    string
}

// at is the address of a path below the base, which may hold a prefix of its own. The path is escaped already.
func (c *conn) at(path string) string { return c.base.String() + path }

// do sends one request of our own making and reads its answer. A nil body sends none.
func (c *conn) do(ctx context.Context, call *call, method, path string, query url.Values, body any) (reply, error) {
	resp, err := c.open(ctx, call, method, path, query, "application/json", body)
	if err != nil {
		return reply{}, err
	}
	return c.accept(call, resp)
}

// open sends one request of our own making, and hands on the answer whatever its status. The body is for the caller to close.
func (c *conn) open(ctx context.Context, call *call, method, path string, query url.Values, accept string, body any) (*http.Response, error) {
	target := c.at(path)
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s: encode request: %w", call.op, err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(withCall(ctx, call), method, target, content)
	if err != nil {
		return nil, &Error{Op: call.op, Kind: KindInvalid, Detail: err.Error()}
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, c.networkError(ctx, call, err)
	}
	return resp, nil
}

// accept reads the body and turns every answer that is not a good one into an [Error].
func (c *conn) accept(call *call, resp *http.Response) (reply, error) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return reply{}, c.networkError(context.Background(), call, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return reply{}, c.statusError(call, resp, body)
	}
	if isHTML(resp.Header, body) {
		return reply{}, c.notAirflow(call, resp, htmlWords(c.scrubBody(body)))
	}
	if !call.open {
		c.proven.Store(true)
	}
	return reply{header: resp.Header, body: body, url: bare(resp.Request.URL)}, nil
}

// RoundTrip sends one request with everything that belongs to it.
func (c *conn) RoundTrip(req *http.Request) (*http.Response, error) {
	call, ok := callFrom(req.Context())
	if !ok {
		return nil, errors.New("request without a call")
	}
	if !call.read {
		return c.authenticated(req, call)
	}
	return c.repeated(req, call)
}

// errRetry is an attempt that may go better a moment later, although it has an answer.
var errRetry = errors.New("try again")

// repeated sends a read until an attempt ends in something that a repetition would not change, or patience runs out. The last answer
// wins over the last error.
func (c *conn) repeated(req *http.Request, call *call) (*http.Response, error) {
	var last *http.Response
	outer := req.Context()
	ctx, cancel := context.WithTimeoutCause(outer, c.patience, errPatience)
	if call.stream {
		ctx = outer // reading a long answer takes as long as it takes; attempts have their own limit
	}
	defer cancel()
	req = req.WithContext(ctx)
	attempt := func() (*http.Response, error) {
		resp, err := c.authenticated(req, call)
		last = resp
		switch {
		case err != nil && (ctx.Err() != nil || !transient(err)):
			return nil, backoff.Permanent(err)
		case err != nil:
			return nil, err
		case !retryStatus(resp.StatusCode):
			return resp, nil
		}
		wait := c.retryAfter(resp.Header)
		switch {
		case wait > longestDelay:
			return resp, backoff.Permanent(errRetry)
		case wait > 0:
			return resp, &backoff.RetryAfterError{Duration: wait}
		}
		return resp, errRetry
	}
	delays := &backoff.ExponentialBackOff{
		InitialInterval: firstDelay, RandomizationFactor: 0.5, Multiplier: 3, MaxInterval: 10 * time.Second,
	}
	resp, err := backoff.Retry(ctx, attempt, backoff.WithBackOff(delays), backoff.WithMaxTries(c.tries),
		backoff.WithNotify(func(error, time.Duration) { c.meter.repeat() }))
	switch {
	case err == nil:
		return resp, nil
	case outer.Err() != nil:
		return nil, outer.Err()
	case last != nil:
		return last, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, err
}

// authenticated sends the request, and once more when the server refused the credentials and they could be renewed. That holds for
// changes too: a request that was refused has changed nothing.
func (c *conn) authenticated(req *http.Request, call *call) (*http.Response, error) {
	resp, err := c.attempt(req, call)
	if err != nil || !credentialsRefused(resp) || c.auth == nil || call.anon {
		return resp, err
	}
	switch err := c.auth.Refresh(req.Context()); {
	case errors.Is(err, errNothingToRefresh):
		return resp, nil
	case err != nil:
		return nil, err
	}
	return c.attempt(req, call)
}

// unsigned is what Airflow 3 says, with 403, of a token that it has not signed: a wrong one, or a good one from before its secret changed. One that
// has ended gets 401 (resolve_user_from_token in airflow/api_fastapi/core_api/security.py).
const unsigned = "Invalid JWT token"

// credentialsRefused reports whether the answer, which was read, means that the credentials are not good, or not any more.
func credentialsRefused(resp *http.Response) bool {
	if resp.StatusCode != http.StatusForbidden {
		return resp.StatusCode == http.StatusUnauthorized
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return err == nil && bytes.Contains(text, []byte(unsigned))
}

// attempt sends the request once and reads the whole answer, unless the call wants to read a good one itself.
func (c *conn) attempt(req *http.Request, call *call) (*http.Response, error) {
	out, err := c.prepare(req, call)
	if err != nil {
		return nil, err
	}
	if err := c.turn(req.Context()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	b := &body{conn: c, call: call, ctx: ctx, cancel: cancel, limit: time.AfterFunc(c.timeout, func() { cancel(errSlow) })}
	call.sent = true
	c.meter.sent(call, max(out.ContentLength, 0))
	resp, err := c.next.RoundTrip(out.WithContext(ctx))
	if err != nil {
		_ = b.Close()
		c.meter.failed()
		return nil, slowness(ctx, err)
	}
	b.from = resp.Body
	c.heard(resp)
	if call.stream && resp.StatusCode < http.StatusMultipleChoices {
		resp.Body = b
		return resp, nil
	}
	text, err := io.ReadAll(io.LimitReader(b, maxBody+1))
	_ = b.Close()
	if err == nil && len(text) > maxBody {
		err = backoff.Permanent(fmt.Errorf("answer is longer than %d MiB", maxBody>>20))
	}
	if err != nil {
		c.meter.failed()
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		c.meter.failed()
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}

// turn waits until the server wants requests from us again and one of the few at a time may be sent.
func (c *conn) turn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if wait := time.Unix(0, c.quiet.Load()).Sub(c.now()); wait > 0 {
		timer := time.NewTimer(min(wait, longestDelay))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// heard takes from an answer what concerns all requests: the server's clock, and its wish to be left alone for a while.
func (c *conn) heard(resp *http.Response) {
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.date.Store(date.Unix())
		c.dated.Store(c.now().UnixNano())
	}
	if wait := c.retryAfter(resp.Header); resp.StatusCode == http.StatusTooManyRequests && wait > 0 && wait <= longestDelay {
		c.quiet.Store(c.now().Add(wait).UnixNano())
	}
}

// prepare copies the request and puts body, extra parameters and credentials on the copy. Credentials go to our own server only:
// should a redirect ever lead elsewhere, nothing is added there.
func (c *conn) prepare(req *http.Request, call *call) (*http.Request, error) {
	out := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("rewind request body: %w", err)
		}
		out.Body = body
	}
	if len(call.query) > 0 {
		query := out.URL.Query()
		for name, values := range call.query {
			query[name] = append(query[name], values...)
		}
		out.URL.RawQuery = query.Encode()
	}
	out.Header.Set("User-Agent", c.agent)
	if c.auth == nil || call.anon || !sameOrigin(out.URL, c.base) {
		return out, nil
	}
	if err := c.auth.Apply(req.Context(), out); err != nil {
		return nil, err
	}
	return out, nil
}

// checkRedirect follows redirects of reads within the server. All others are handed back as the answer: a change must not be sent
// to an address that nobody configured, and another host is most often the login page of a proxy.
func (c *conn) checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || !sameOrigin(req.URL, c.base) || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// errPatience is the cause of a context that ended because a read and its repetitions together took too long.
var errPatience = errors.New("no good answer in time")

// errSlow is the cause of a context that ended because one attempt took too long.
var errSlow = errors.New("no answer in time")

func slowness(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return errSlow
	}
	return err
}

// transient reports whether a failed attempt is worth a second one: everything on the wire is, a refusal of our own is not.
func transient(err error) bool {
	var ours *Error
	var final *backoff.PermanentError
	return !errors.As(err, &ours) && !errors.As(err, &final) && !isTLS(err)
}

func retryStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter reads the header of that name, which holds seconds or a date; 0 means that it says nothing. A date is measured against
// the server's own Date, because the clocks may differ.
func (c *conn) retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = c.now()
	}
	return max(at.Sub(now), 0)
}

// serverTime is the server's clock as its last answer had it: never later than the server's present. Without one it is our own.
func (c *conn) serverTime() time.Time {
	if seconds := c.date.Load(); seconds != 0 {
		return time.Unix(seconds, 0).UTC()
	}
	return c.now().UTC()
}

// sameOrigin reports whether two addresses name the same server.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// bare is an address without query, fragment and credentials: fit for messages.
func bare(u *url.URL) string {
	short := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return short.String()
}
