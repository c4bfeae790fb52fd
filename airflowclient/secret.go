package airflowclient

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what is printed in place of a secret.
const redacted = "***"

// Secret is a text that does not print: every verb, encoder and logger gets "***". The text sits behind a pointer, so that even a
// printed struct with a Secret in an unexported field, which fmt prints without asking, shows an address only.
type Secret struct{ text *string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal is the text. Call it only where it goes onto the wire.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no text.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String is "***".
func (s Secret) String() string { return redacted }

// Format writes "***" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText is "***", for JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
