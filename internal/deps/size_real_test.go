//go:build real

package deps

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// mostProgram is how large the program may be, stripped as the Makefile does it.
const mostProgram = 30_000_000

// The program grows by a third as soon as anything in it calls methods by name, as text/template does: the linker then keeps all of them.
func TestRealProgramIsBelowThirtyMegabytes(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "chrononctl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "chrononctl/cmd/chrononctl").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(info.Size())/1e6)
	if info.Size() > mostProgram {
		t.Errorf("the program has %.1f MB, and may have %d", float64(info.Size())/1e6, mostProgram/1_000_000)
	}
}
