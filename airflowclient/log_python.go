package airflowclient

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// copyPython writes the text of a log of Airflow 2, which comes in Python's notation of a list of (host, text) pairs: [('h', 'one\ntwo')].
// The texts of several hosts follow each other. What is not in that notation is the text itself, as a few log handlers send it.
func copyPython(to *lineSplitter, from *bufio.Reader) error {
	if !startsPairs(from) {
		_, err := io.Copy(to, from)
		return err
	}
	for texts := 0; ; {
		c, err := from.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case c == '[', c == ']', c == '(', c == ')', c == ',', c == ' ':
			continue
		case c != '\'' && c != '"': // the notation ends here, whatever it is
			to.startLine()
			_, _ = to.Write([]byte{c})
			_, err := io.Copy(to, from)
			return err
		}
		out := io.Discard
		if texts%2 == 1 {
			if texts > 1 {
				to.startLine()
			}
			out = to
		}
		if err := copyLiteral(out, from, c); err != nil {
			return err
		}
		texts++
	}
}

// startsPairs looks for a bracket, a parenthesis and a quote.
func startsPairs(from *bufio.Reader) bool {
	start, _ := from.Peek(3)
	return len(start) == 3 && start[0] == '[' && start[1] == '(' && (start[2] == '\'' || start[2] == '"')
}

// copyLiteral writes what a Python string holds, after its opening quote and up to the closing one. One that breaks off is written as far as it goes.
func copyLiteral(to io.Writer, from *bufio.Reader, quote byte) error {
	special := string([]byte{quote, '\\'})
	for {
		plain, err := untilSpecial(from, special, from.Size())
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(plain) > 0:
			if _, err := to.Write(plain); err != nil {
				return err
			}
			continue
		}
		c, err := from.ReadByte()
		if err != nil || c == quote {
			return err
		}
		if _, err := to.Write(pythonEscape(from)); err != nil {
			return err
		}
	}
}

// pythonEscape is the character of an escape that repr writes, behind its backslash. One that repr would not write stays as it is.
func pythonEscape(from *bufio.Reader) []byte {
	c, err := from.ReadByte()
	if err != nil {
		return []byte(`\`)
	}
	digits := 0
	switch c {
	case 'n':
		return []byte("\n")
	case 't':
		return []byte("\t")
	case 'r':
		return []byte("\r")
	case '\\', '\'', '"':
		return []byte{c}
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	hex, err := from.Peek(digits)
	code, ok := hexCode(hex)
	if digits == 0 || err != nil || !ok {
		return []byte{'\\', c}
	}
	_, _ = from.Discard(digits)
	return utf8.AppendRune(nil, code)
}

// hexCode reads hexadecimal digits.
func hexCode(digits []byte) (rune, bool) {
	code, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil {
		return 0, false
	}
	if code > utf8.MaxRune {
		code = utf8.RuneError
	}
	return rune(code), true
}
