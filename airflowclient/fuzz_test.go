package airflowclient

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzServerWords holds the decoder of failed answers to what a message needs, whatever a server or a proxy sends.
func FuzzServerWords(f *testing.F) {
	for _, body := range []string{
		`{"type": "about:blank", "title": "Not Found", "status": 404, "detail": null}`,
		`{"detail": "Not Found"}`,
		`{"detail": [{"loc": ["body", "logical_date", 0], "msg": "Field required", "input": {}}]}`,
		`{"detail": {"reason": "Unique constraint violation", "statement": "hidden", "more": [1]}}`,
		`{"detail": [1, "x", null]}`, `{"detail": {"reason": {"a": 1}}}`, `[]`, `null`, `"x"`, ``, "\xff\xfe",
		`<!doctype html><html><head><title>502 Bad &amp; Gateway</title></head><body><script>x</script></body></html>`,
		"<html><title>\n</title><body>" + strings.Repeat("word ", 200), "upstream connect error or disconnect/reset before headers",
	} {
		f.Add("application/json", []byte(body))
		f.Add("text/html", []byte(body))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		words := serverWords(http.Header{"Content-Type": {contentType}}, body)
		if !utf8.ValidString(words) || strings.IndexFunc(words, unicode.IsControl) >= 0 || words != strings.TrimSpace(words) {
			t.Errorf("%q is not fit for one line", words)
		}
		if n := utf8.RuneCountInString(words); n > maxWords+len("an HTML page, ….") {
			t.Errorf("%d characters of words", n)
		}
	})
}

// FuzzLogAnswer holds the readers of logs to the same: lines that can be shown, or an error, in whatever form an answer comes.
func FuzzLogAnswer(f *testing.F) {
	for _, body := range []string{
		`{"content": "[('h', 'one\\ntwo \\u2603')]", "continuation_token": "eyJlbmRfb2ZfbG9nIjp0cnVlfQ.x"}`,
		`{"content": [{"event": "x", "error_detail": [{"exc_type": "E"}]}, "y", 5], "continuation_token": null}`,
		`{"event": "one"}` + "\n" + `{"event": "two"`, `{"continuation_token": 5, "content": null}`, "[2024-01-01T10:00:01.000+0000] {a.py:1} INFO - x\r\n",
	} {
		for _, contentType := range []string{"application/json", "application/x-ndjson", "text/plain"} {
			f.Add(contentType, "", []byte(body))
			f.Add(contentType, "+token", []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, contentType, token string, body []byte) {
		for _, d := range []dialect{&v1{}, &v2{}} {
			p := &logParser{sources: sourceLines{emit: func(line tailed) {
				if !utf8.ValidString(line.Text) || strings.Contains(line.Text, "\n") || len(line.Text) > 3*maxLine {
					t.Errorf("%q is no line", line.Text)
				}
			}}}
			p.text = lineSplitter{emit: p.sources.add}
			_, _ = p.parse(d, logRequest{token: token}, contentType, bufio.NewReader(bytes.NewReader(body)))
		}
	})
}
