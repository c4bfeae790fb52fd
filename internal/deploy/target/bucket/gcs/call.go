package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/oauth2"

	"chrononctl/internal/deploy/target"
)

const (
	// maxAnswer bounds what is read of one answer. A generated file is a megabyte at the most, a page of a listing half of one.
	maxAnswer = 64 << 20
	// tries and firstPause are what Google asks of its clients: exponential, with jitter, on 408, 429 and 5xx.
	tries      = 5
	firstPause = 500 * time.Millisecond
)

// call is one request, and what it is about.
type call struct {
	doing, key  string
	folder      bool // key is a prefix: when nothing is found, it is the bucket
	method, url string
	body        []byte
	contentType string
}

type answer struct {
	header http.Header
	body   []byte
}

// do sends a request and repeats what failed for a passing reason. Repeating is safe for all calls: each one that changes something names the generation that it
// replaces.
func (s *Store) do(ctx context.Context, c call) (answer, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = firstPause
	return backoff.Retry(ctx, func() (answer, error) { return s.try(ctx, c) }, backoff.WithBackOff(pause), backoff.WithMaxTries(tries))
}

func (s *Store) try(ctx context.Context, c call) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, c.url, bytes.NewReader(c.body))
	if err != nil {
		return answer{}, backoff.Permanent(fmt.Errorf("%s %s/%s: %w", c.doing, s, c.key, err))
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, s.broken(ctx, c, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, s.broken(ctx, c, err)
	case len(body) > maxAnswer:
		return answer{}, backoff.Permanent(fmt.Errorf("%s %s/%s: the answer is larger than %d bytes", c.doing, s, c.key, maxAnswer))
	case passing(response.StatusCode):
		return answer{}, s.refusal(c, response.StatusCode, body)
	case response.StatusCode >= http.StatusMultipleChoices:
		return answer{}, backoff.Permanent(s.refusal(c, response.StatusCode, body))
	}
	return answer{header: response.Header, body: body}, nil
}

// broken is a request without an answer. A token that could not be had is no network's fault.
func (s *Store) broken(ctx context.Context, c call, err error) error {
	if cause := ctx.Err(); cause != nil {
		return backoff.Permanent(fmt.Errorf("%s %s/%s: %w", c.doing, s, c.key, cause))
	}
	if denied, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return backoff.Permanent(&target.DeniedError{Target: s.String(), Doing: c.doing + " " + c.key, Cause: denied, Advice: advice})
	}
	return &target.UnreachableError{Target: s.String(), Cause: err}
}

func passing(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}
