package airflowclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxWords bounds the detail of an error: the beginning says what happened.
const maxWords = 400

// maxPageWords bounds what is taken from a page without a title: it is made for eyes, and its beginning tells enough.
const maxPageWords = 100

// serverWords finds Airflow's own explanation in the body of a failed answer: problem+json of Airflow 2, the three shapes of
// FastAPI's "detail" of Airflow 3, the title of an HTML page of something in between, or plain text.
func serverWords(header http.Header, body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) == nil {
		if words := fastAPIWords(object["detail"]); words != "" {
			return words
		}
		return oneLine(jsonString(object["title"]))
	}
	if isHTML(header, body) {
		return htmlWords(body)
	}
	return oneLine(string(body))
}

// fastAPIWords reads "detail": a string (so does problem+json have it), an object, or a list of validation errors with location and message.
func fastAPIWords(detail json.RawMessage) string {
	if text := jsonString(detail); text != "" {
		return oneLine(text)
	}
	var failures []struct {
		Location []any  `json:"loc"`
		Message  string `json:"msg"`
	}
	if json.Unmarshal(detail, &failures) == nil {
		words := make([]string, 0, len(failures))
		for _, f := range failures {
			where := make([]string, 0, len(f.Location))
			for _, part := range f.Location {
				where = append(where, fmt.Sprint(part))
			}
			words = append(words, strings.TrimPrefix(strings.Join(where, ".")+": "+f.Message, ": "))
		}
		return oneLine(strings.Join(words, "; "))
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(detail, &object) != nil {
		return ""
	}
	return objectWords(object)
}

// objectWords lists the members of an object by name; those that explain come first.
func objectWords(object map[string]json.RawMessage) string {
	rank := func(name string) int {
		return slices.Index([]string{"statement", "reason", "message"}, name)
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if ra, rb := rank(a), rank(b); ra != rb {
			return rb - ra
		}
		return strings.Compare(a, b)
	})
	words := make([]string, 0, len(names))
	for _, name := range names {
		value := jsonString(object[name])
		if value == "hidden" { // Airflow's word for SQL that it keeps to itself
			continue
		}
		if value == "" {
			value = string(object[name])
		}
		words = append(words, name+": "+value)
	}
	return oneLine(strings.Join(words, "; "))
}

func jsonString(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// isHTML reports whether an answer is a page for people. The type alone does not say it: Airflow 2 sends empty answers as text/html.
func isHTML(header http.Header, body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 256)]))
	if bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) {
		return true
	}
	return bytes.HasPrefix(start, []byte("<")) && strings.HasPrefix(strings.ToLower(header.Get("Content-Type")), "text/html")
}

var (
	pageTitle  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	pageHidden = regexp.MustCompile(`(?is)<(script|style|head)[^>]*>.*?</(script|style|head)>`)
	pageTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// htmlWords is the title of a page, else the beginning of its visible text.
func htmlWords(body []byte) string {
	body = body[:min(len(body), 64<<10)]
	if title := pageTitle.FindSubmatch(body); title != nil {
		if words := oneLine(html.UnescapeString(string(title[1]))); words != "" {
			return fmt.Sprintf("an HTML page, %q", words)
		}
	}
	text := pageTag.ReplaceAll(pageHidden.ReplaceAll(body, nil), []byte(" "))
	words := []rune(oneLine(html.UnescapeString(string(text))))
	switch {
	case len(words) > maxPageWords:
		return fmt.Sprintf("an HTML page, %q…", string(words[:maxPageWords]))
	case len(words) > 0:
		return fmt.Sprintf("an HTML page, %q", string(words))
	}
	return "an HTML page"
}

// oneLine makes text fit for one line of a message: white space and control characters become single spaces, and it is cut.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	clean = strings.Join(strings.Fields(clean), " ")
	if runes := []rune(clean); len(runes) > maxWords {
		return string(runes[:maxWords]) + "…"
	}
	return clean
}
