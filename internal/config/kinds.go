package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"chrononctl/dagspec"
)

// schema is a piece of JSON Schema.
type schema = map[string]any

// kind is what the value of a key may be.
type kind[T any] struct {
	words  string // for people: "text"
	schema schema
	read   func(ast.Node) (T, error)
	plain  func(T) any // as YAML holds it; nil for a value that says nothing
}

// decoded is a kind of value that YAML itself knows.
func decoded[T any](words string, s schema, plain func(T) any) kind[T] {
	read := func(value ast.Node) (T, error) {
		var v T
		if err := yaml.NodeToValue(value, &v); err != nil {
			return v, fmt.Errorf("must be %s", words)
		}
		return v, nil
	}
	return kind[T]{words: words, schema: s, read: read, plain: plain}
}

// parsed is a kind of value that is written as text.
func parsed[T any](words string, s schema, parse func(string) (T, error), plain func(T) any) kind[T] {
	read := func(value ast.Node) (T, error) {
		var text string
		if err := yaml.NodeToValue(value, &text); err != nil {
			var none T
			return none, errors.New("must be text")
		}
		return parse(text)
	}
	return kind[T]{words: words, schema: s, read: read, plain: plain}
}

func same[T any](v T) any { return v }

func unlessEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func text() kind[string] {
	return decoded("text", schema{"type": "string"}, unlessEmpty)
}

func truth() kind[bool] {
	return decoded("true or false", schema{"type": "boolean"}, same[bool])
}

func texts() kind[[]string] {
	return decoded("a list of texts", schema{"type": "array", "items": schema{"type": "string"}}, func(list []string) any {
		if len(list) == 0 {
			return nil
		}
		return list
	})
}

func pairs() kind[map[string]string] {
	return decoded("a mapping of texts to texts", schema{"type": "object", "additionalProperties": schema{"type": "string"}},
		func(m map[string]string) any {
			if len(m) == 0 {
				return nil
			}
			return m
		})
}

// counts is a whole number from 1 for each of some names.
func counts() kind[map[string]int] {
	k := decoded("a mapping of names to whole numbers", schema{"type": "object", "additionalProperties": schema{"type": "integer", "minimum": 1}},
		func(m map[string]int) any {
			if len(m) == 0 {
				return nil
			}
			return m
		})
	read := k.read
	k.read = func(value ast.Node) (map[string]int, error) {
		m, err := read(value)
		for name, n := range m {
			if n < 1 {
				return nil, fmt.Errorf("%d for %s must be 1 or more", n, name)
			}
		}
		return m, err
	}
	return k
}

// count is a whole number from 0.
func count() kind[int] {
	k := decoded("a whole number", schema{"type": "integer", "minimum": 0}, same[int])
	read := k.read
	k.read = func(value ast.Node) (int, error) {
		n, err := read(value)
		if err == nil && n < 0 {
			return 0, fmt.Errorf("%d must not be negative", n)
		}
		return n, err
	}
	return k
}

// oneOf is one of some words.
func oneOf(allowed ...string) kind[string] {
	return parsed("one of `"+strings.Join(allowed, "`, `")+"`", schema{"enum": allowed}, func(s string) (string, error) {
		if !slices.Contains(allowed, s) {
			return "", fmt.Errorf("%q is none of %s", s, strings.Join(allowed, ", "))
		}
		return s, nil
	}, unlessEmpty)
}

var callablePattern = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$`)

// callable names a Python function that the workers can import.
func callable() kind[string] {
	return parsed("a Python function as `package.module:function`", schema{"type": "string", "pattern": callablePattern.String()}, parseCallable, unlessEmpty)
}

func parseCallable(s string) (string, error) {
	if !callablePattern.MatchString(s) {
		return "", fmt.Errorf("%q does not name a Python function, such as package.module:function", s)
	}
	return s, nil
}

func span() kind[time.Duration] {
	return parsed("a length of time such as `90s`, `15m`, `48h` or `4d`", schema{"type": "string", "pattern": `^(\d+d|0|(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$`},
		parseSpan, func(d time.Duration) any { return spanText(d) })
}

func date() kind[dagspec.Date] {
	return parsed("a day as `YYYY-MM-DD`", schema{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`}, dagspec.ParseDate,
		func(d dagspec.Date) any { return unlessEmpty(d.String()) })
}

func share() kind[float64] {
	return parsed("a share such as `1%` or `0.01`", schema{"anyOf": []schema{
		{"type": "string", "pattern": `^\d+(\.\d+)? ?%$`},
		{"type": "number", "minimum": 0, "maximum": 1},
	}}, parseShare, func(f float64) any { return strconv.FormatFloat(f*100, 'g', 12, 64) + "%" })
}

var days = regexp.MustCompile(`^(\d+)d$`)

// parseSpan reads a length of time: Go's form, and whole days as "4d".
func parseSpan(s string) (time.Duration, error) {
	if m := days.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 3650 {
			return 0, fmt.Errorf("%q is too long", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no length of time, such as 90s, 15m, 48h or 4d", s)
	}
	return d, nil
}

// spanText writes a length of time as people do: 4d, 48h, 15m, 90s.
func spanText(d time.Duration) string {
	switch {
	case d >= 72*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	default:
		return d.String()
	}
}

// parseShare reads a part of a whole: "1%" or "0.01".
func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, fmt.Errorf("%q is no share between 0%% and 100%%", s)
	}
	return f, nil
}
