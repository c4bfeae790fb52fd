package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"chrononctl/internal/term"
)

// jsonKeys are the JSON keys of the struct that a view makes of a row.
func jsonKeys[T any](row T, object func(T) any) []string { return keysOf(object(row)) }

// keysOf are the JSON keys of a struct, in their order.
func keysOf(v any) []string {
	var keys []string
	for field := range reflect.TypeOf(v).Fields() {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// member is one key of a JSON object with its value.
type member struct {
	key   string
	value any
}

// members is a JSON object whose keys keep their order.
type members []member

// MarshalJSON writes the object.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(one.key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(one.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// pick is the struct with the keys alone that were asked for, in that order; without any it is the struct itself.
func pick(v any, keys []string) any {
	if len(keys) == 0 {
		return v
	}
	fields := make(map[string]any)
	value := reflect.ValueOf(v)
	for i, field := range allFields(value.Type()) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[key] = value.Field(i).Interface()
	}
	var out members
	for _, key := range keys {
		out = append(out, member{key, fields[key]})
	}
	return out
}

func allFields(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for field := range t.Fields() {
		all = append(all, field)
	}
	return all
}

// marshal is JSON in one line, with text as it is.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// printJSON prints structs as --json and --jq want them.
func (a *app) printJSON(ctx context.Context, f viewFlags, structs []any) error {
	for i, v := range structs {
		structs[i] = pick(v, f.keys)
	}
	return a.printDocument(ctx, f, structs)
}

// printDocument prints one JSON value, or what --jq makes of it.
func (a *app) printDocument(ctx context.Context, f viewFlags, document any) error {
	if f.program == nil {
		a.writeJSON(a.Streams.Out, document)
		return nil
	}
	text, err := marshal(document)
	if err != nil {
		return fmt.Errorf("--jq: %w", err)
	}
	var input any
	if err := json.Unmarshal(text, &input); err != nil {
		return fmt.Errorf("--jq: %w", err)
	}
	for results := f.program.RunWithContext(ctx, input); ; {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := result.(error); failed {
			if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
				return nil
			}
			return fmt.Errorf("--jq: %w", err)
		}
		if err := a.printResult(result); err != nil {
			return fmt.Errorf("--jq: %w", err)
		}
	}
}

// printResult prints one result of a jq expression: a text as it is, anything else as JSON in one line.
func (a *app) printResult(result any) error {
	if text, ok := result.(string); ok {
		if a.Streams.OutTerminal {
			text = term.CleanLines(text)
		}
		_, err := fmt.Fprintln(a.Streams.Out, text)
		return err
	}
	text, err := gojq.Marshal(result)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Streams.Out, "%s\n", harmlessJSON(text, a.Streams.OutTerminal))
	return err
}

// jqError says what is wrong with a jq expression.
type jqError struct{ cause error }

func (e jqError) Error() string { return "--jq: " + e.cause.Error() }
func (e jqError) Unwrap() error { return e.cause }
func (jqError) Hint() string {
	return "expressions are those of jq: https://jqlang.org/manual; look at the JSON with -o json"
}

// compileJQ reads a jq expression. It has neither the environment nor files.
func compileJQ(expression string) (*gojq.Code, error) {
	if expression == "" {
		return nil, nil
	}
	parsed, err := gojq.Parse(expression)
	if err != nil {
		return nil, usage(jqError{err})
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, usage(jqError{err})
	}
	return code, nil
}

// harmlessJSON escapes in JSON for a terminal what could move the cursor or hide text. JSON escapes only some of it by itself.
func harmlessJSON(text []byte, terminal bool) []byte {
	if !terminal {
		return text
	}
	var out []byte
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if piece := string(text[i : i+size]); r < utf8.RuneSelf || term.Clean(piece) == piece {
			out = append(out, piece...)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		i += size
	}
	return out
}
