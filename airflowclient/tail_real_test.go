//go:build real

package airflowclient_test

import "testing"

// TestRealTailOfAMillionLines needs no Airflow, but more time than the race detector should have.
func TestRealTailOfAMillionLines(t *testing.T) { //nolint:paralleltest // It measures the heap.
	checkTailDoesNotGrow(t, 1000)
}
