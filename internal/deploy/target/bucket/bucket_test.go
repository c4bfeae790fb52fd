package bucket_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/buckettest"
	"chrononctl/internal/deploy/target/targettest"
)

func openMemory(t *testing.T, store bucket.Store) *bucket.Driver {
	t.Helper()
	driver, err := bucket.New(bucket.Options{Store: store, Path: "dags", Folder: "chronon"})
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func TestConformanceInMemory(t *testing.T) {
	t.Parallel()
	var stores sync.Map // of a target
	fresh := func(t *testing.T) target.Target {
		t.Helper()
		store := &buckettest.Memory{}
		driver := openMemory(t, store)
		stores.Store(driver, store)
		return driver
	}
	again := func(t *testing.T, first target.Target) target.Target {
		t.Helper()
		store, _ := stores.Load(first)
		return openMemory(t, store.(bucket.Store))
	}
	targettest.Run(t, fresh, again)
}

func session(t *testing.T, driver *bucket.Driver) target.Session {
	t.Helper()
	held, err := driver.Lock(t.Context(), target.Owner{Who: "suite", Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func TestAWriteWhoseAnswerIsLostCountsWhenItHappened(t *testing.T) {
	t.Parallel()
	for _, mode := range []buckettest.Mode{buckettest.Lost, buckettest.LostTwice} {
		store := &buckettest.Faults{Store: &buckettest.Memory{}}
		driver := openMemory(t, store)
		held := session(t, driver)
		store.Arm(1, mode)
		version, err := held.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent)
		if err != nil {
			t.Errorf("%v: %v", mode, err)
			continue
		}
		if _, err := held.DAGs().Write(t.Context(), "a.py", []byte("two"), version); err != nil {
			t.Errorf("%v: the version that was found is not the one in place: %v", mode, err)
		}
	}
}

func TestARemovalWhoseAnswerIsLostCountsWhenItHappened(t *testing.T) {
	t.Parallel()
	for _, mode := range []buckettest.Mode{buckettest.Lost, buckettest.LostTwice} {
		store := &buckettest.Faults{Store: &buckettest.Memory{}}
		held := session(t, openMemory(t, store))
		version, err := held.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent)
		if err != nil {
			t.Fatal(err)
		}
		store.Arm(1, mode)
		if err := held.DAGs().Remove(t.Context(), "a.py", version); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
		if err := held.DAGs().Remove(t.Context(), "a.py", version); err != nil {
			t.Errorf("%v: removing what is gone: %v", mode, err)
		}
	}
}

func TestAWriteThatNeverHappenedIsReported(t *testing.T) {
	t.Parallel()
	store := &buckettest.Faults{Store: &buckettest.Memory{}}
	driver := openMemory(t, store)
	held := session(t, driver)
	store.Arm(1, buckettest.FailOnce)
	_, err := held.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent)
	if _, ok := errors.AsType[*target.UnreachableError](err); !ok {
		t.Errorf("error %v, want unreachable", err)
	}
	store.Arm(1, buckettest.Refused)
	_, err = held.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent)
	if _, ok := errors.AsType[*target.DeniedError](err); !ok {
		t.Errorf("error %v, want a denial", err)
	}
}

func TestPlacesThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]bucket.Options{
		"no path":                  {},
		"a path outside":           {Path: "../dags"},
		"a path with a slash":      {Path: "/dags"},
		"a state inside the DAGs":  {Path: "dags", State: "dags/state"},
		"the DAGs as their state":  {Path: "dags", State: "dags"},
		"a folder outside":         {Path: "dags", Folder: "../x"},
		"a path of odd characters": {Path: "d ags"},
	} {
		opts.Store = &buckettest.Memory{}
		if _, err := bucket.New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
