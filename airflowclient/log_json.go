package airflowclient

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRecord bounds one message of a log.
const maxRecord = 16 << 20

// nextByte is the next byte that is no white space.
func nextByte(r *bufio.Reader) (byte, error) {
	for {
		c, err := r.ReadByte()
		if err != nil || !strings.ContainsRune(" \t\r\n", rune(c)) {
			return c, err
		}
	}
}

// resume goes on with an object after one of its values: nil at its end.
func resume(rest *bufio.Reader) (*json.Decoder, error) {
	switch c, err := nextByte(rest); {
	case err != nil:
		return nil, err
	case c == ',':
		dec := json.NewDecoder(io.MultiReader(strings.NewReader("{"), rest))
		_, err := dec.Token()
		return dec, err
	case c == '}':
		return json.NewDecoder(strings.NewReader("")), nil
	}
	return nil, nil
}

// readValue reads the bytes of one JSON value. It follows strings and brackets only; whether they hold JSON, the decoder says.
func readValue(r *bufio.Reader) (json.RawMessage, error) {
	var value []byte
	depth, inString, escaped := 0, false, false
	for {
		c, err := r.ReadByte()
		if err != nil {
			return nil, shape(err)
		}
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == ']'): // the end of a number or a word
			return value, r.UnreadByte()
		case c == '}' || c == ']':
			depth--
		}
		if value = append(value, c); len(value) > maxRecord {
			return nil, fmt.Errorf("%w: a message is longer than %d MiB", errLogShape, maxRecord>>20)
		}
		if depth == 0 && !inString && (c == '"' || c == '}' || c == ']') {
			return value, nil
		}
	}
}

// jsonText reads what a JSON string holds, after its opening quote and up to the closing one, however long that is.
type jsonText struct {
	from    *bufio.Reader
	pending []byte // of a character that did not fit
	end     bool
}

func (t *jsonText) Read(p []byte) (int, error) {
	n := copy(p, t.pending)
	t.pending = t.pending[n:]
	for n < len(p) && len(t.pending) == 0 && !t.end {
		plain, err := untilSpecial(t.from, `"\`, len(p)-n)
		if err != nil {
			return n, noEnd(err)
		}
		if len(plain) > 0 {
			n += copy(p[n:], plain)
			continue
		}
		if err := t.special(); err != nil {
			return n, err
		}
		used := copy(p[n:], t.pending)
		n, t.pending = n+used, t.pending[used:]
	}
	if n == 0 && t.end && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// special reads a quote or an escape.
func (t *jsonText) special() error {
	c, err := t.from.ReadByte()
	if err != nil {
		return noEnd(err)
	}
	if t.end = c == '"'; t.end {
		return nil
	}
	r, err := jsonEscape(t.from)
	if err != nil {
		return err
	}
	t.pending = utf8.AppendRune(t.pending[:0], r)
	return nil
}

// jsonEscape reads an escape behind its backslash, both halves of a pair included.
func jsonEscape(from *bufio.Reader) (rune, error) {
	c, err := from.ReadByte()
	if err != nil {
		return 0, noEnd(err)
	}
	if c != 'u' {
		if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
			return rune("\"\\/\b\f\n\r\t"[at]), nil
		}
		return 0, fmt.Errorf("%w: the escape \\%c", errLogShape, c)
	}
	first, err := hexRune(from)
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	if next, _ := from.Peek(2); string(next) != `\u` { // half a pair
		return utf8.RuneError, nil
	}
	_, _ = from.Discard(2)
	second, err := hexRune(from)
	return utf16.DecodeRune(first, second), err
}

func hexRune(from *bufio.Reader) (rune, error) {
	digits := make([]byte, 4)
	if _, err := io.ReadFull(from, digits); err != nil {
		return 0, noEnd(err)
	}
	code, ok := hexCode(digits)
	if !ok {
		return 0, fmt.Errorf("%w: the escape \\u%s", errLogShape, digits)
	}
	return code, nil
}

// untilSpecial takes what is there before any of the special bytes, at most limit bytes; nothing when one of them is next.
func untilSpecial(from *bufio.Reader, special string, limit int) ([]byte, error) {
	if _, err := from.Peek(1); err != nil {
		return nil, err
	}
	there, err := from.Peek(min(from.Buffered(), limit))
	if err != nil {
		return nil, err
	}
	for i, c := range there {
		if c == special[0] || c == special[1] {
			there = there[:i]
			break
		}
	}
	_, err = from.Discard(len(there))
	return there, err
}

// noEnd is an end where there should be none.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
