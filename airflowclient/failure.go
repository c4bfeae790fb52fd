package airflowclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// networkError is the error of a request that got no answer. A cancelled context stays what it is: nobody wants to read that
// Airflow is unreachable because they pressed Ctrl-C.
func (c *conn) networkError(ctx context.Context, call *call, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		if call.ambiguous(err) {
			return fmt.Errorf("%s: %w before the answer came; the change may have been made", call.op, context.Canceled)
		}
		return fmt.Errorf("%s: %w", call.op, context.Canceled)
	}
	if ours, ok := errors.AsType[*Error](err); ok {
		if ours.Op == "" { // of a transport, which does not know what is tried
			ours.Op = call.op
		}
		return ours
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // it repeats method and address, with the query
		err = wrapped.Err
	}
	e := &Error{
		Op: call.op, Kind: KindUnreachable, URL: bare(c.base), Detail: oneLine(c.scrub(err.Error())), Ambiguous: call.ambiguous(err), err: err,
	}
	switch {
	case errors.Is(err, errSlow):
		e.Kind, e.Detail = KindTimeout, fmt.Sprintf("%s did not answer within %s", e.URL, c.timeout)
		e.hint = "the server is overloaded or far away; try again, or allow it more time"
	case errors.Is(err, errPatience):
		e.Kind, e.Detail = KindTimeout, fmt.Sprintf("%s did not answer well within %s, however often it was asked", e.URL, c.patience)
		e.hint = "the server is overloaded; try again later"
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Detail = KindTimeout, e.URL+" did not answer in the time that was left"
	case isTLS(err):
		e.hint = tlsHint(err, c.base.Hostname())
	default:
		e.hint = "check that Airflow runs at " + e.URL + " and can be reached from here"
	}
	if e.Ambiguous {
		e.hint = lookFirst
	}
	return e
}

// statusError is the error of an answer whose status is not a good one.
func (c *conn) statusError(call *call, resp *http.Response, body []byte) error {
	if resp.StatusCode < http.StatusBadRequest {
		return c.redirectError(call, resp)
	}
	e := &Error{
		Op: call.op, Kind: kindOf(resp.StatusCode), Status: resp.StatusCode,
		Detail: serverWords(resp.Header, c.scrubBody(body)), URL: bare(resp.Request.URL),
	}
	e.Wait = c.retryAfter(resp.Header)
	e.Ambiguous = !call.read && !call.anon && gaveUp(resp.StatusCode)
	isUnsigned := strings.Contains(e.Detail, unsigned)
	if e.Kind == KindPermission && (isUnsigned || c.doubtful()) {
		e.Kind = KindAuth
	}
	switch e.Kind {
	case KindAuth:
		e.hint = noCredentials
		if what := c.credentials(); what != "" {
			e.hint = "check " + what
			if e.Status == http.StatusForbidden && !isUnsigned {
				e.hint += "; if that is right, the user may not do this (this Airflow says the same to both)"
			}
		}
	case KindPermission:
		e.hint = "the user of these credentials lacks the permission in Airflow"
	case KindTimeout:
		e.hint = "a gateway in front of Airflow gave up; try again"
	case KindServer, KindRateLimited:
		if e.Wait > 0 {
			e.hint = "the server asks to wait " + e.Wait.Round(time.Second).String()
		}
	case KindNotFound, KindConflict, KindInvalid, KindUnreachable, KindNotAirflow, KindTooOld, KindUnsupported:
	}
	if e.Ambiguous {
		e.hint = lookFirst
	}
	return e
}

// gaveUp reports whether a status comes from a gateway that has passed the request on and heard nothing back.
func gaveUp(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

// lookFirst is the next step after a change that may have been made.
const lookFirst = "the change was sent and its answer is lost; look whether it was made before you send it again"

// ambiguous reports whether a change may have been made although its request ended in err: it was sent, and err does not say that it
// never got out.
func (call *call) ambiguous(err error) bool {
	if call.read || call.anon || !call.sent || isTLS(err) {
		return false
	}
	var network *net.OpError
	if errors.As(err, &network) && (network.Op == "dial" || network.Op == "proxyconnect") {
		return false
	}
	var name *net.DNSError
	return !errors.As(err, &name)
}

// doubtful reports whether a 403 may mean that the password is wrong: Airflow 2.11 takes a user whom it does not know for the
// public role, and answers 403 instead of 401. It is not doubtful any more once the credentials have been good for something.
func (c *conn) doubtful() bool {
	switch c.auth.(type) {
	case nil, none, basic, *auto:
		return !c.proven.Load()
	}
	return false
}

func kindOf(status int) Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return KindAuth
	case http.StatusForbidden:
		return KindPermission
	case http.StatusNotFound, http.StatusGone:
		return KindNotFound
	case http.StatusConflict:
		return KindConflict
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return KindTimeout
	case http.StatusTooManyRequests:
		return KindRateLimited
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return KindUnsupported
	}
	if status >= http.StatusInternalServerError {
		return KindServer
	}
	return KindInvalid
}

// credentials says which credentials are in use, "" when there are none.
func (c *conn) credentials() string {
	if d, ok := c.auth.(describer); ok {
		return d.describe()
	}
	return ""
}

// redirectError is the error of a redirect that was not followed: the same path elsewhere is the real address of the server, any
// other page is where people sign in.
func (c *conn) redirectError(call *call, resp *http.Response) error {
	e := &Error{Op: call.op, Kind: KindAuth, Status: resp.StatusCode, URL: bare(resp.Request.URL)}
	target, err := resp.Location()
	if err != nil {
		e.Kind, e.Detail = KindNotAirflow, "a redirect to nowhere"
		return e
	}
	e.Detail = c.scrub("redirected to " + bare(target))
	e.hint = "that is most likely a login page: use credentials that this address accepts, for example a bearer token"
	if root, found := strings.CutSuffix(bare(target), strings.TrimPrefix(resp.Request.URL.Path, c.base.Path)); found {
		e.Kind, e.hint = KindNotAirflow, "use "+root+" as the address"
	}
	return e
}

// notAirflow is the error of an answer with a good status that Airflow would not give.
func (c *conn) notAirflow(call *call, resp *http.Response, what string) error {
	return &Error{
		Op: call.op, Kind: KindNotAirflow, Status: resp.StatusCode, URL: bare(resp.Request.URL), Detail: "the answer is " + what,
		hint: "a login page or another program answers at " + bare(c.base) + "; check the address, with its path prefix if it has one",
	}
}

// unreadable is the error of an answer that should be JSON of a certain shape and is not.
func unreadable(op string, got reply, err error) error {
	return &Error{Op: op, Kind: KindServer, URL: got.url, Detail: oneLine("the answer cannot be read: " + err.Error()), err: err}
}
