package tui

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chrononctl/tui/internal/screenshot"
)

// pictures is where the documentation's pictures of the console are.
const pictures = "../docs/images"

// largestPicture keeps the documentation light, in bytes.
const largestPicture = 120 << 10

// TestPicturesShowTheConsole holds that the pictures of the documentation are what the console draws now; `make screenshots` draws them again.
func TestPicturesShowTheConsole(t *testing.T) {
	t.Parallel()
	const width = 120
	for name, picture := range map[string]struct {
		height int
		act    func(*console)
	}{
		"fleet":       {22, func(c *console) { c.press("tab", "down") }},
		"streaming":   {20, func(c *console) { c.press("3") }},
		"consistency": {25, func(c *console) { c.press("5") }},
		"dag":         {28, func(c *console) { c.press("2", "down", "down", "down", "enter"); c.pass(time.Second) }},
		"join":        {30, func(c *console) { c.press("4", "enter"); c.pass(time.Second) }},
		"log":         {26, func(c *console) { c.press("4", "enter", "tab", "down", "down", "enter"); c.pass(time.Second) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := func() time.Time { return showcaseNow.Add(time.Since(epoch)) }
			story(t, setup{width: width, height: picture.height, source: showcase(), options: Options{Now: clock}}, func(c *console) {
				c.pass(time.Second)
				picture.act(c)
				svg := screenshot.SVG(c.styled(), width, picture.height, "chrononctl · "+name)
				path := filepath.Join(pictures, name+".svg")
				if flag.Lookup("update").Value.String() == "true" {
					if err := os.WriteFile(path, svg, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				drawn, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(drawn, svg) {
					t.Errorf("%s is not what the console draws now; draw it again with `make screenshots` and look at it", path)
				}
				if len(drawn) > largestPicture {
					t.Errorf("%s has %d bytes, more than %d", path, len(drawn), largestPicture)
				}
			})
		})
	}
}
