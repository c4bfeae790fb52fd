package local

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// stopPatience is how long a polite end may take before the rest is killed.
const stopPatience = 20 * time.Second

// Stop ends everything that the instance started, tasks included, and returns when it is gone: Airflow first, then its database.
// What does not end within seconds is killed, and everything is killed at once when the context is done. Stop may be
// called again, and beside itself.
func (a *Airflow) Stop(ctx context.Context) error {
	a.mu.Lock()
	first := !a.stopping
	a.stopping = true
	a.mu.Unlock()
	if first && a.URL != "" {
		a.step(StepStop, "stopping Airflow %s", a.Version)
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	err := a.stopComponents(ctx, isAirflow)
	err = errors.Join(err, a.stopComponents(ctx, func(*component) bool { return true }))
	return errors.Join(err, a.stopOnce())
}

func isAirflow(c *component) bool { return c.name != databaseName }

// stopComponents ends the chosen components side by side and forgets those that are gone.
func (a *Airflow) stopComponents(ctx context.Context, chosen func(*component) bool) error {
	a.mu.Lock()
	var targets []*component
	for _, c := range a.components {
		if chosen(c) {
			targets = append(targets, c)
			c.expected.Store(true)
		}
	}
	a.mu.Unlock()
	failures := make([]error, len(targets))
	var group sync.WaitGroup
	for i, c := range targets {
		group.Go(func() { failures[i] = c.stop(ctx) })
	}
	group.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.components = slices.DeleteFunc(a.components, func(c *component) bool {
		at := slices.Index(targets, c)
		return at >= 0 && failures[at] == nil
	})
	return errors.Join(failures...)
}

// release gives up what is not a process: the socket's folder, the instance's folder and its lock.
func (a *Airflow) release() error {
	var err error
	if a.database != nil {
		err = a.database.close()
	}
	if a.folder != nil {
		err = errors.Join(err, a.folder.close())
	}
	return err
}

// watch notes the first component that dies unasked and is needed.
func (a *Airflow) watch(c *component) {
	<-c.done
	death := c.death()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failure == nil && !c.expected.Load() && c.name != logServerName {
		a.failure = death
		close(a.failed)
	}
}
