// Package s3 offers a bucket of Amazon S3, or of a server that speaks its protocol, as a [bucket.Store].
//
// It needs conditional writes (If-Match and If-None-Match on PutObject), which S3 has since 2024 and current compatible servers have too. An object's version is its
// entity tag. Credentials come from the AWS SDK's own chain: environment, shared config and SSO, web identity, container and instance roles.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithyhttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
)

// maxObject bounds what is read of one object. A generated file is a megabyte at the most.
const maxObject = 64 << 20

// Options describe a bucket. Only Bucket is needed.
type Options struct {
	Bucket   string
	Region   string         // default: what the SDK finds
	Profile  string         // of the shared config; default: what the SDK finds
	Endpoint string         // of a server that is not Amazon's, "https://minio.example.com"
	HTTP     aws.HTTPClient // default: the SDK's own
}

// Store is a bucket.
type Store struct {
	bucket string
	client *sdk.Client
}

var _ bucket.Store = (*Store)(nil)

// Open prepares the client of a bucket. It reads configuration files and asks no server.
func Open(ctx context.Context, opts Options) (*Store, error) {
	var load []func(*config.LoadOptions) error
	if opts.Region != "" {
		load = append(load, config.WithRegion(opts.Region))
	}
	if opts.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(opts.Profile))
	}
	if opts.HTTP != nil {
		load = append(load, config.WithHTTPClient(opts.HTTP))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("target s3://%s: %w", opts.Bucket, err)
	}
	if cfg.Region == "" {
		if opts.Endpoint == "" {
			return nil, &NoRegionError{Bucket: opts.Bucket}
		}
		cfg.Region = "us-east-1" // it is part of the signature only
	}
	client := sdk.NewFromConfig(cfg, func(o *sdk.Options) {
		// Checksums in trailers, the SDK's default, are not understood by every compatible server; the entity tag tells a broken body as well.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if opts.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(opts.Endpoint), true
		}
	})
	return &Store{bucket: opts.Bucket, client: client}, nil
}

// NoRegionError says that nothing names the region of a bucket.
type NoRegionError struct{ Bucket string }

func (e *NoRegionError) Error() string {
	return fmt.Sprintf("target s3://%s: no region is set", e.Bucket)
}

// Hint says what to do about it.
func (e *NoRegionError) Hint() string {
	return "set region in the target's section, AWS_REGION, or a profile of ~/.aws/config"
}

func (s *Store) String() string { return "s3://" + s.bucket }

// Head implements [bucket.Store].
func (s *Store) Head(ctx context.Context, key string) (bucket.Object, error) {
	out, err := s.client.HeadObject(ctx, &sdk.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return bucket.Object{}, s.explain("look at", key, err)
	}
	return bucket.Object{Key: key, Version: target.Version(aws.ToString(out.ETag))}, nil
}

// Get implements [bucket.Store].
func (s *Store) Get(ctx context.Context, key string) (bucket.Content, error) {
	out, err := s.client.GetObject(ctx, &sdk.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return bucket.Content{}, s.explain("read", key, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	if err != nil {
		return bucket.Content{}, s.explain("read", key, err)
	}
	if len(data) > maxObject {
		return bucket.Content{}, fmt.Errorf("%s/%s is larger than %d bytes", s, key, maxObject)
	}
	object := bucket.Object{Key: key, Version: target.Version(aws.ToString(out.ETag))}
	return bucket.Content{Object: object, Data: data, Age: age(out)}, nil
}

// age is how long ago an object was written, by the clock of the server, which dates every answer.
func age(out *sdk.GetObjectOutput) time.Duration {
	now, ok := middleware.GetServerTime(out.ResultMetadata)
	if !ok || out.LastModified == nil {
		return 0
	}
	return max(0, now.Sub(*out.LastModified))
}

// List implements [bucket.Store].
func (s *Store) List(ctx context.Context, prefix string, deep bool) ([]bucket.Object, error) {
	var objects []bucket.Object
	input := &sdk.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix}
	if !deep {
		input.Delimiter = aws.String("/")
	}
	pages := sdk.NewListObjectsV2Paginator(s.client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain("list", prefix, err)
		}
		for _, object := range page.Contents {
			key := aws.ToString(object.Key)
			if key != prefix { // a folder's own mark, as consoles make it
				objects = append(objects, bucket.Object{Key: key, Version: target.Version(aws.ToString(object.ETag))})
			}
		}
	}
	return objects, nil
}

// Put implements [bucket.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte, replaces target.Version) (target.Version, error) {
	in := &sdk.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(data), ContentType: aws.String(contentType(key))}
	if replaces == target.Absent {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(string(replaces))
	}
	out, err := s.client.PutObject(ctx, in)
	if err != nil {
		return target.Absent, s.explainWrite("write", key, replaces, err)
	}
	return target.Version(aws.ToString(out.ETag)), nil
}

func contentType(key string) string {
	if path.Ext(key) == ".json" {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// Delete implements [bucket.Store].
func (s *Store) Delete(ctx context.Context, key string, version target.Version) error {
	_, err := s.client.DeleteObject(ctx, &sdk.DeleteObjectInput{Bucket: &s.bucket, Key: &key, IfMatch: aws.String(string(version))})
	if err != nil {
		return s.explainWrite("remove", key, version, err)
	}
	return nil
}

// explainWrite is explain for a call that names a version: an object that is not there is another version than the one that was named.
func (s *Store) explainWrite(doing, key string, version target.Version, err error) error {
	explained := s.explain(doing, key, err)
	if version != target.Absent && errors.Is(explained, fs.ErrNotExist) {
		return &target.ConflictError{Path: key}
	}
	return explained
}

// explain gives an error of the SDK the type that a caller decides by.
func (s *Store) explain(doing, key string, err error) error {
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	code := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	switch {
	case code == "NoSuchBucket":
		return &NoBucketError{Bucket: s.bucket}
	case status == http.StatusNotFound:
		return fmt.Errorf("%s/%s: %w", s, key, fs.ErrNotExist)
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return &target.ConflictError{Path: key}
	case code == "RequestTimeTooSkewed":
		return &target.DeniedError{Target: s.String(), Doing: doing + " " + key, Cause: err, Advice: "the clock of this machine is wrong: set it, and try again"}
	case status == http.StatusForbidden, status == http.StatusUnauthorized, code == "ExpiredToken", code == "InvalidToken", isCredential(err):
		return &target.DeniedError{Target: s.String(), Doing: doing + " " + key, Cause: err,
			Advice: "check with `aws sts get-caller-identity` who you are, and that you may get, put, list and delete there"}
	case status == 0 && !errors.Is(err, context.Canceled):
		return &target.UnreachableError{Target: s.String(), Cause: err}
	}
	return fmt.Errorf("%s %s/%s: %w", doing, s, key, err)
}

// isCredential tells that no credential could be had. The SDK has no type for it.
func isCredential(err error) bool {
	return strings.Contains(err.Error(), "get identity: get credentials") || strings.Contains(err.Error(), "failed to refresh cached credentials")
}

// NoBucketError says that a bucket does not exist. It is never created: a name that does not exist is a slip.
type NoBucketError struct{ Bucket string }

func (e *NoBucketError) Error() string { return fmt.Sprintf("bucket s3://%s does not exist", e.Bucket) }

// Hint says what to do about it.
func (e *NoBucketError) Hint() string { return "check bucket and region in the target's section" }
