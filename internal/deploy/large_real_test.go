//go:build real

package deploy_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/buckettest"
	"chrononctl/internal/deploy/target/bucket/s3"
	"chrononctl/internal/deploy/target/servertest"
)

// Three thousand DAGs, a file each, in a real S3 server: what a plan, a deploy of one change and a deploy of nothing cost.
func TestRealThreeThousandDAGsInS3ArePlannedWithinFiveSeconds(t *testing.T) {
	server := servertest.StartS3(t)
	signIn(t, server)
	server.Bucket(t, "large")
	store, err := s3.Open(t.Context(), s3.Options{Bucket: "large", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	counted := &buckettest.Faults{Store: store}
	dags := make([]dag, 3000)
	for i := range dags {
		dags[i] = dag{id: fmt.Sprintf("d%04d", i), text: fmt.Sprintf("one conf for ten %d", i/10)}
	}
	large := func(through bucket.Store) *deploy.Result {
		t.Helper()
		place, err := bucket.New(bucket.Options{Store: through, Path: "dags", Folder: "chronon"})
		if err != nil {
			t.Fatal(err)
		}
		engine, err := deploy.New(deploy.Options{Target: place, Generator: "test", NoVerify: true, Owner: target.Owner{Who: "ada"}})
		if err != nil {
			t.Fatal(err)
		}
		counted.Arm(0, 0)
		began := time.Now()
		plan, err := engine.Plan(t.Context(), release(dags...))
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		t.Logf("planned in %v with %d requests", took.Round(time.Millisecond), counted.Requests())
		if took > 5*time.Second {
			t.Errorf("the plan took %v", took)
		}
		began = time.Now()
		result, err := engine.Apply(t.Context(), plan, nil)
		if !errors.As(err, new(*deploy.UnverifiedError)) {
			t.Fatal(err)
		}
		t.Logf("applied in %v: %d objects written, %d requests in all", time.Since(began).Round(time.Millisecond), counted.Changes(), counted.Requests())
		return result
	}
	large(store) // sixteen uploads at a time, which the counting one would put in a row
	dags[0].text = "another conf"
	if result := large(counted); result.Written != 2 || counted.Changes() > 2*2+12 {
		t.Errorf("one changed DAG wrote %d objects, %d of them files and confs", counted.Changes(), result.Written)
	}
	if result := large(counted); result.Changed || counted.Changes() != 0 || counted.Requests() > 12 {
		t.Errorf("nothing changed: %d writes, %d requests", counted.Changes(), counted.Requests())
	}
}
