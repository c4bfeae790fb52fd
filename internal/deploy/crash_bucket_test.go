package deploy_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
	"chrononctl/internal/deploy/target/bucket/buckettest"
	"chrononctl/internal/deploy/target/targettest"
)

// bucketFaults are those of an object store. It has no half-written objects; where a disk is full, its credentials expire.
type bucketFaults struct{ store *buckettest.Faults }

func (f bucketFaults) Changes() int          { return f.store.Changes() }
func (f bucketFaults) interfere(with func()) { f.store.Interference = with }

func (f bucketFaults) Arm(at int, mode targettest.Mode) {
	f.store.Arm(at, map[targettest.Mode]buckettest.Mode{
		targettest.CrashBefore: buckettest.CrashBefore,
		targettest.CrashAfter:  buckettest.CrashAfter,
		targettest.CrashTorn:   buckettest.CrashTorn,
		targettest.DiskFull:    buckettest.Refused,
		targettest.FailOnce:    buckettest.FailOnce,
		targettest.Ambiguous:   buckettest.Lost,
		targettest.Interfere:   buckettest.Interfere,
	}[mode])
}

// newBucketSite is an Airflow whose DAG folder is a copy of a bucket's prefix, as on managed services.
func newBucketSite(t *testing.T) *site {
	t.Helper()
	return newSiteInBucket(t, &buckettest.Memory{}, "")
}

// newSiteInBucket is the same for the objects below a prefix of any store.
func newSiteInBucket(t *testing.T, below bucket.Store, prefix string) *site {
	t.Helper()
	s := newMemorySite(t)
	store := &buckettest.Faults{Store: below}
	dags := path.Join(prefix, "dags")
	store.Mirror = func(key string, data []byte, gone bool) {
		if name, ours := strings.CutPrefix(key, dags+"/"); ours {
			s.copy(name, data, gone)
		}
	}
	s.faults = bucketFaults{store}
	s.open = func() target.Target {
		driver, err := bucket.New(bucket.Options{Store: store, Path: dags})
		s.check(err)
		return driver
	}
	s.other = s.open
	s.expires = target.DefaultTTL + time.Minute // no kernel tells that a holder on the other side of the network is dead
	s.slips = 200                               // the lock is looked at every other second, and no time passes here; every write names its own version besides
	return s
}

// copy brings one change of the bucket to the folder.
func (s *site) copy(name string, data []byte, gone bool) {
	if gone {
		s.check(s.disk.Remove(name))
		return
	}
	s.check(s.disk.MkdirAll(path.Dir(name)))
	s.write(name, string(data))
}

func TestDeployToABucketConvergesWhateverOperationFails(t *testing.T) {
	t.Parallel()
	converges(t, newBucketSite, everyOther, targettest.CrashBefore, targettest.CrashAfter, targettest.DiskFull, targettest.FailOnce, targettest.Ambiguous, targettest.Interfere)
}
