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

// into makes a setter that decodes YAML's own kinds of value: text, number, truth value, list, mapping.
func into[T any](target *T, want string) func([]string) setter {
	return func([]string) setter {
		return func(value ast.Node) error {
			var v T
			if err := yaml.NodeToValue(value, &v); err != nil {
				return fmt.Errorf("must be %s", want)
			}
			*target = v
			return nil
		}
	}
}

func text(target *string) func([]string) setter    { return into(target, "text") }
func number(target *int) func([]string) setter     { return into(target, "a whole number") }
func truth(target *bool) func([]string) setter     { return into(target, "true or false") }
func texts(target *[]string) func([]string) setter { return into(target, "a list of texts") }
func pairs(target *map[string]string) func([]string) setter {
	return into(target, "a mapping of texts to texts")
}

// parsed makes a setter for a text that parse turns into a value.
func parsed[T any](target *T, parse func(string) (T, error)) func([]string) setter {
	return func([]string) setter {
		return func(value ast.Node) error {
			var s string
			if err := yaml.NodeToValue(value, &s); err != nil {
				return errors.New("must be text")
			}
			v, err := parse(s)
			if err != nil {
				return err
			}
			*target = v
			return nil
		}
	}
}

func oneOf(target *string, allowed ...string) func([]string) setter {
	return parsed(target, func(s string) (string, error) {
		if !slices.Contains(allowed, s) {
			return "", fmt.Errorf("%q is none of %s", s, strings.Join(allowed, ", "))
		}
		return s, nil
	})
}

func span(target *time.Duration) func([]string) setter { return parsed(target, parseSpan) }
func date(target *dagspec.Date) func([]string) setter  { return parsed(target, dagspec.ParseDate) }
func share(target *float64) func([]string) setter      { return parsed(target, parseShare) }

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

// parseShare reads a part of a whole: "1%" or "0.01".
func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		f /= 100
	}
	if err != nil || f < 0 || f > 1 {
		return 0, fmt.Errorf("%q is no share between 0%% and 100%%", s)
	}
	return f, nil
}
