// Package gcs offers a bucket of Google Cloud Storage as a [bucket.Store].
//
// It speaks the JSON API directly: five calls, where Google's own client would add thirty megabytes to the program. An object's version is its generation.
// Credentials are Google's application default credentials: GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, workload identity, or the
// metadata server of the machine.
//
// Source of the calls: https://cloud.google.com/storage/docs/json_api/v1/objects and …/docs/request-preconditions.
package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
)

const (
	defaultEndpoint = "https://storage.googleapis.com"
	scope           = "https://www.googleapis.com/auth/devstorage.read_write"
	generation      = "X-Goog-Generation" // header of a download
)

// Options describe a bucket. Only Bucket is needed.
type Options struct {
	Bucket   string
	Endpoint string       // of a server that is not Google's, for tests; no credential is sent to it
	HTTP     *http.Client // default: http.DefaultClient
}

// Store is a bucket.
type Store struct {
	bucket   string
	endpoint string
	client   *http.Client
}

var _ bucket.Store = (*Store)(nil)

// Open finds the credentials of a bucket. It asks no server but, on Google's machines, the metadata server.
func Open(ctx context.Context, opts Options) (*Store, error) {
	client := opts.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	if opts.Endpoint != "" {
		return &Store{bucket: opts.Bucket, endpoint: strings.TrimSuffix(opts.Endpoint, "/"), client: client}, nil
	}
	found, err := google.FindDefaultCredentials(ctx, scope)
	if err != nil {
		return nil, &target.DeniedError{Target: "gs://" + opts.Bucket, Doing: "find credentials", Cause: err, Advice: advice}
	}
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, client)
	return &Store{bucket: opts.Bucket, endpoint: defaultEndpoint, client: oauth2.NewClient(ctx, found.TokenSource)}, nil
}

const advice = "sign in with `gcloud auth application-default login`, or check that the account may get, create, list and delete objects there"

func (s *Store) String() string { return "gs://" + s.bucket }

// objectURL is the address of one object.
func (s *Store) objectURL(key string, query url.Values) string {
	return fmt.Sprintf("%s/storage/v1/b/%s/o/%s?%s", s.endpoint, url.PathEscape(s.bucket), url.PathEscape(key), query.Encode())
}

// resource is an object as the API describes it. Generations are 64-bit numbers and come as text.
type resource struct {
	Name       string `json:"name"`
	Generation string `json:"generation"`
}

func (r resource) object() bucket.Object {
	return bucket.Object{Key: r.Name, Version: target.Version(r.Generation)}
}

// Head implements [bucket.Store].
func (s *Store) Head(ctx context.Context, key string) (bucket.Object, error) {
	var found resource
	err := s.json(ctx, call{doing: "look at", key: key, method: http.MethodGet, url: s.objectURL(key, url.Values{"fields": {"name,generation"}})}, &found)
	return found.object(), err
}

// Get implements [bucket.Store].
func (s *Store) Get(ctx context.Context, key string) (bucket.Content, error) {
	answer, err := s.do(ctx, call{doing: "read", key: key, method: http.MethodGet, url: s.objectURL(key, url.Values{"alt": {"media"}})})
	if err != nil {
		return bucket.Content{}, err
	}
	object := bucket.Object{Key: key, Version: target.Version(answer.header.Get(generation))}
	return bucket.Content{Object: object, Data: answer.body, Age: age(answer.header)}, nil
}

// age is how long ago an object was written, by the clock of the server, which dates every answer.
func age(header http.Header) time.Duration {
	now, err := http.ParseTime(header.Get("Date"))
	written, errWritten := http.ParseTime(header.Get("Last-Modified"))
	if errors.Join(err, errWritten) != nil {
		return 0
	}
	return max(0, now.Sub(written))
}

// List implements [bucket.Store].
func (s *Store) List(ctx context.Context, prefix string, deep bool) ([]bucket.Object, error) {
	var objects []bucket.Object
	query := url.Values{"prefix": {prefix}, "maxResults": {"1000"}, "fields": {"items(name,generation),nextPageToken"}}
	if !deep {
		query.Set("delimiter", "/")
	}
	for {
		var page struct {
			Items []resource `json:"items"`
			Next  string     `json:"nextPageToken"`
		}
		address := fmt.Sprintf("%s/storage/v1/b/%s/o?%s", s.endpoint, url.PathEscape(s.bucket), query.Encode())
		if err := s.json(ctx, call{doing: "list", key: prefix, method: http.MethodGet, url: address, folder: true}, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			if item.Name != prefix { // a folder's own mark, as consoles make it
				objects = append(objects, item.object())
			}
		}
		if page.Next == "" {
			return objects, nil
		}
		query.Set("pageToken", page.Next)
	}
}

// Put implements [bucket.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte, replaces target.Version) (target.Version, error) {
	if replaces == target.Absent {
		replaces = "0" // the generation of an object that does not exist
	}
	query := url.Values{"uploadType": {"media"}, "name": {key}, "ifGenerationMatch": {string(replaces)}, "fields": {"name,generation"}}
	address := fmt.Sprintf("%s/upload/storage/v1/b/%s/o?%s", s.endpoint, url.PathEscape(s.bucket), query.Encode())
	var written resource
	err := s.json(ctx, call{doing: "write", key: key, method: http.MethodPost, url: address, body: data, contentType: contentType(key)}, &written)
	return target.Version(written.Generation), err
}

func contentType(key string) string {
	if path.Ext(key) == ".json" {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// Delete implements [bucket.Store].
func (s *Store) Delete(ctx context.Context, key string, version target.Version) error {
	_, err := s.do(ctx, call{doing: "remove", key: key, method: http.MethodDelete, url: s.objectURL(key, url.Values{"ifGenerationMatch": {string(version)}})})
	return err
}

func (s *Store) json(ctx context.Context, c call, into any) error {
	answer, err := s.do(ctx, c)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.body, into); err != nil {
		return fmt.Errorf("%s %s/%s: the answer is not understood: %w", c.doing, s, c.key, err)
	}
	return nil
}

// refusal gives a status the type that a caller decides by.
func (s *Store) refusal(c call, status int, body []byte) error {
	cause := errors.New(words(status, body))
	switch status {
	case http.StatusNotFound:
		if c.folder || strings.Contains(cause.Error(), "bucket does not exist") {
			return &NoBucketError{Bucket: s.bucket}
		}
		return fmt.Errorf("%s/%s: %w", s, c.key, fs.ErrNotExist)
	case http.StatusPreconditionFailed, http.StatusConflict:
		return &target.ConflictError{Path: c.key}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &target.DeniedError{Target: s.String(), Doing: c.doing + " " + c.key, Cause: cause, Advice: advice}
	}
	return fmt.Errorf("%s %s/%s: %w", c.doing, s, c.key, cause)
}

// words are the server's own, from its error document where it sent one.
func words(status int, body []byte) string {
	var document struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &document) == nil && document.Error.Message != "" {
		return document.Error.Message
	}
	return fmt.Sprintf("HTTP status %d %s", status, http.StatusText(status))
}

// NoBucketError says that a bucket does not exist. It is never created: a name that does not exist is a slip.
type NoBucketError struct{ Bucket string }

func (e *NoBucketError) Error() string { return fmt.Sprintf("bucket gs://%s does not exist", e.Bucket) }

// Hint says what to do about it.
func (e *NoBucketError) Hint() string { return "check bucket in the target's section" }
