package airflowclient

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// chunkLines is how many lines a [LogChunk] holds at most: the last ones. A console shows no more, and a log may have millions.
const chunkLines = 20_000

// Log reads a part of a log: from its beginning when token is empty, else what came after the chunk whose Next is token. The token
// holds the position, so that the server sends only what is new. Of a very long part the end is kept, see [LogChunk.Skipped].
func (c *Client) Log(ctx context.Context, ref LogRef, token string) (LogChunk, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return LogChunk{}, err
	}
	var chunk LogChunk
	got, err := c.conn.readLog(ctx, d, logRequest{ref: ref, token: token}, func(line tailed) {
		if len(chunk.Lines) == 2*chunkLines { // now and then, so that a line costs no more than its copy
			chunk.Lines = append(chunk.Lines[:0], chunk.Lines[chunkLines:]...)
			chunk.Skipped += chunkLines
		}
		chunk.Lines = append(chunk.Lines, line.LogLine)
	})
	if err != nil {
		return LogChunk{}, err
	}
	if excess := len(chunk.Lines) - chunkLines; excess > 0 {
		chunk.Lines = append([]LogLine(nil), chunk.Lines[excess:]...)
		chunk.Skipped += excess
	}
	chunk.Next, chunk.Done, chunk.Joins, chunk.Absent = got.next, got.done, got.joins, got.absent
	return chunk, nil
}

// logRequest is one request for a log. whole asks for the log of a task that has ended as a stream of messages, which has no token.
type logRequest struct {
	ref   LogRef
	token string // [LogChunk.Next]
	whole bool
}

// logEnd is what an answer says besides its lines.
type logEnd struct {
	next   string
	done   bool
	joins  bool
	absent string
}

// cutMark stands before the token of a part that ended within a line. Tokens of Airflow are URL-safe and do not begin with it.
const cutMark = "+"

// path is the address of the log, the same in both APIs.
func (r logRequest) path() string {
	ref := r.ref
	return escaped("dags", ref.DAGID, "dagRuns", ref.RunID, "taskInstances", ref.TaskID, "logs", strconv.Itoa(ref.Try))
}

func (r logRequest) query() url.Values {
	query := url.Values{"map_index": {strconv.Itoa(r.ref.MapIndex)}}
	if token := strings.TrimPrefix(r.token, cutMark); token != "" {
		query.Set("token", token)
	}
	return query
}

// readLog asks once and hands on the lines while they arrive. When the answer breaks off, the lines before that have been handed on.
func (c *conn) readLog(ctx context.Context, d dialect, r logRequest, emit func(tailed)) (logEnd, error) {
	call := &call{op: opLog, read: true, stream: true, conn: c}
	accept := "application/json"
	if r.whole {
		accept = d.wholeLog()
	}
	resp, err := c.open(ctx, call, http.MethodGet, d.prefix()+r.path(), r.query(), accept, nil)
	if err != nil {
		return logEnd{}, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		_, err := c.accept(call, resp)
		return logEnd{}, err
	}
	defer resp.Body.Close()
	body := bufio.NewReaderSize(resp.Body, 64<<10)
	start, _ := body.Peek(256)
	if isHTML(resp.Header, start) {
		page, _ := io.ReadAll(io.LimitReader(body, 64<<10))
		return logEnd{}, c.notAirflow(call, resp, htmlWords(c.scrubBody(page)))
	}
	c.proven.Store(true)
	p := &logParser{sources: sourceLines{emit: emit}}
	p.text = lineSplitter{emit: p.sources.add}
	end, err := p.parse(d, r, resp.Header.Get("Content-Type"), body)
	if err == nil {
		end.absent = p.sources.absent()
		return end, nil
	}
	if errors.Is(err, errLogShape) {
		return logEnd{}, unreadable(opLog, reply{url: bare(resp.Request.URL)}, err)
	}
	return logEnd{}, c.networkError(ctx, call, err)
}

// errLogShape is an answer that is none of the forms that a log comes in.
var errLogShape = errors.New("it holds no log")

// logParser reads a log answer of either Airflow in whichever form it comes.
type logParser struct {
	text    lineSplitter // for what comes as text
	sources sourceLines
}

func (p *logParser) parse(d dialect, r logRequest, contentType string, body *bufio.Reader) (logEnd, error) {
	switch kind, _, _ := strings.Cut(strings.ToLower(contentType), ";"); strings.TrimSpace(kind) {
	case "text/plain":
		_, err := io.Copy(&p.text, body)
		p.text.end()
		return logEnd{done: true}, err
	case "application/x-ndjson":
		return logEnd{done: true}, p.records(body)
	}
	server, err := p.envelope(r, body)
	if err != nil {
		return logEnd{}, err
	}
	end := logEnd{next: server.token, done: d.endOfLog(server.token), joins: p.text.joined}
	if p.text.cut(strings.HasPrefix(r.token, cutMark)) && end.next != "" {
		end.next = cutMark + end.next
	}
	return end, nil
}

// envelope is the JSON object around a log: "content" is the log, as text on Airflow 2 and as a list of messages on Airflow 3.
type envelope struct{ token string }

func (p *logParser) envelope(r logRequest, body *bufio.Reader) (envelope, error) {
	var got envelope
	dec := json.NewDecoder(body)
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return got, shape(err)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return got, shape(err)
		}
		if name == "content" {
			rest := bufio.NewReaderSize(io.MultiReader(dec.Buffered(), body), 64<<10)
			if err := p.content(r, rest); err != nil {
				return got, err
			}
			if dec, err = resume(rest); err != nil || dec == nil {
				return got, shape(err)
			}
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return got, shape(err)
		}
		if name == "continuation_token" {
			got.token = jsonString(value)
		}
	}
	return got, nil
}

// shape keeps what the network did apart from what the server sent.
func shape(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return errLogShape
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: %w", errLogShape, err)
	}
	return noEnd(err)
}

// content reads the value of "content", which the reader is before: a colon, then a string or a list.
func (p *logParser) content(r logRequest, rest *bufio.Reader) error {
	if c, err := nextByte(rest); err != nil || c != ':' {
		return shape(err)
	}
	c, err := nextByte(rest)
	switch {
	case err != nil:
		return shape(err)
	case c == '"':
		p.text.continues = strings.HasPrefix(r.token, cutMark)
		text := &jsonText{from: rest}
		if err := copyPython(&p.text, bufio.NewReaderSize(text, 32<<10)); err != nil {
			return err
		}
		p.text.end()
		return nil
	case c == '[':
		return p.list(rest)
	case c == 'n': // null
		if _, err := rest.Discard(len("ull")); err != nil {
			return shape(err)
		}
		return nil
	}
	return errLogShape
}

// list reads the messages of a list up to its bracket. Each is decoded on its own, so that none but the one at hand is in memory.
func (p *logParser) list(rest *bufio.Reader) error {
	for {
		c, err := nextByte(rest)
		switch {
		case err != nil:
			return shape(err)
		case c == ']':
			return nil
		case c == ',':
			continue
		}
		if err := rest.UnreadByte(); err != nil {
			return err
		}
		raw, err := readValue(rest)
		if err != nil {
			return err
		}
		p.message(raw)
	}
}

// records reads a stream of messages, one a line. A line that is no message is shown as it is.
func (p *logParser) records(body *bufio.Reader) error {
	var line []byte
	for {
		part, err := body.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(line) < maxRecord:
			continue
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
		if raw := strings.TrimSpace(string(line)); raw != "" {
			p.message([]byte(raw))
		}
		line = line[:0]
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

func (p *logParser) message(raw []byte) {
	for _, line := range structuredLines(raw) {
		p.sources.add(line, false)
	}
}

// endOfLog looks into a continuation token of Airflow 2, which is signed but not encrypted: base64 of {"end_of_log": …}, a dot, a
// signature. A token that cannot be looked into says nothing, and the log goes on. Without a token it has ended.
func (*v1) endOfLog(token string) bool {
	payload, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if token == "" || err != nil {
		return token == ""
	}
	var position struct {
		End bool `json:"end_of_log"`
	}
	return json.Unmarshal(text, &position) == nil && position.End
}

// wholeLog is JSON: the text form of Airflow 2 ends like a log that is cut off.
func (*v1) wholeLog() string { return "application/json" }

// endOfLog is said by Airflow 3 with a token that is not there.
func (*v2) endOfLog(token string) bool { return token == "" }

// wholeLog is the stream of messages, which the server makes while it is read: the list of a huge log has ended API servers for want
// of memory (apache/airflow#49470). 3.0.0 and 3.0.1, which lack it, answer with JSON. Its token is made before the log is read and holds no
// position, so it is for logs that have ended only.
func (*v2) wholeLog() string { return "application/x-ndjson" }
