package longconn

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/wire"
)

// maxLine bounds a line, in bytes. No message makes a longer one.
const maxLine = 8 * wire.MaxBody

// StreamClient reads a Stream server. Set the fields before the first call.
type StreamClient struct {
	URL string // of the demo, such as http://127.0.0.1:3000
	// nil is http.DefaultClient; it must have no Timeout; its idle connections are the caller's to
	// close
	HTTP    *http.Client
	Name    string // sent as ?client=, for POST /cut; may be empty
	Backoff client.Backoff

	Counters client.Counters
}

// EventClient reads an Events server. Set the fields before the first call.
type EventClient struct {
	URL     string
	HTTP    *http.Client
	Name    string
	Backoff client.Backoff // its Floor follows the server's retry field

	// Silence is how long the stream may be silent, heartbeats included, before the client
	// reconnects. Default 1 min, four heartbeats.
	Silence time.Duration

	Counters client.Counters
}

// Subscribe calls fn for each message after the cursor, in order, on this
// goroutine, until ctx ends or the server refuses: the error is the cause, or a
// *client.RefusedError. A stream that ends, well or badly, is opened again from the
// last message that fn saw, so nothing is lost and nothing comes twice. If the
// server was restarted, its log comes from the beginning and fn sees ids fall.
// The response is closed before Subscribe returns.
func (c *StreamClient) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	r := reader{client: c.HTTP, backoff: c.Backoff, counters: &c.Counters,
		cursor: strconv.FormatInt(after, 10), fn: fn}
	return r.run(ctx, func(ctx context.Context) (*http.Request, error) {
		at := fmt.Sprintf("%s/stream?after=%s&client=%s", c.URL, r.cursor, url.QueryEscape(c.Name))
		return http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	}, r.line)
}

// Publish sends one message, once; see client.Post for what an error means.
func (c *StreamClient) Publish(ctx context.Context, from, text string) error {
	return publish(ctx, c.HTTP, c.URL, from, text)
}

// Subscribe is like StreamClient's, and keeps to the event stream's own rules: the
// cursor travels as Last-Event-ID, and retry sets the pause before reconnecting. Unlike a browser's
// EventSource it does not wait for a stream that stays silent.
func (c *EventClient) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	r := reader{client: c.HTTP, backoff: c.Backoff, counters: &c.Counters,
		cursor: strconv.FormatInt(after, 10), fn: fn,
		silence: cmp.Or(c.Silence, time.Minute)}
	event := eventParser{reader: &r}
	return r.run(ctx, func(ctx context.Context) (*http.Request, error) {
		event.reset()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet,
			c.URL+"/events?client="+url.QueryEscape(c.Name), nil)
		if err == nil {
			req.Header.Set("Last-Event-ID", r.cursor)
		}
		return req, err
	}, event.line)
}

// Publish is like StreamClient's.
func (c *EventClient) Publish(ctx context.Context, from, text string) error {
	return publish(ctx, c.HTTP, c.URL, from, text)
}

func publish(ctx context.Context, hc *http.Client, url, from, text string) error {
	_, err := client.Post(ctx, orDefault(hc), url+"/messages", from, text)
	return err
}

func orDefault(client *http.Client) *http.Client {
	if client == nil {
		return http.DefaultClient
	}
	return client
}

// reader is the loop of both clients: open the stream, pass on its lines, and open it again.
type reader struct {
	client   *http.Client
	backoff  client.Backoff
	counters *client.Counters
	cursor   string
	fn       func(feed.Message)
	silence  time.Duration // after which a stream without a line has failed; 0 means no limit
}

func (r *reader) run(ctx context.Context, open func(context.Context) (*http.Request, error),
	line func([]byte) error) error {
	for {
		err := r.read(ctx, open, line)
		var refused *client.RefusedError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &refused):
			return err
		}
		r.counters.Failures.Add(1)
		if err := r.backoff.Wait(ctx); err != nil {
			return err
		}
	}
}

// read reads one response until it ends, which is always an error.
func (r *reader) read(ctx context.Context, open func(context.Context) (*http.Request, error),
	line func([]byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := func() {}
	if r.silence > 0 {
		silent := time.AfterFunc(r.silence, cancel)
		defer silent.Stop()
		heard = func() { silent.Reset(r.silence) }
	}
	req, err := open(ctx)
	if err != nil {
		return err
	}
	r.counters.Requests.Add(1)
	resp, err := orDefault(r.client).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return client.Refused(resp.StatusCode, resp.Body)
	}
	r.backoff.Reset()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	for lines.Scan() {
		heard()
		r.counters.Bytes.Add(int64(len(lines.Bytes()) + 1))
		if err := line(lines.Bytes()); err != nil {
			return err
		}
	}
	return cmp.Or(lines.Err(), io.EOF)
}

// wholeLines is bufio.ScanLines without the last line of a stream that was cut inside it.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}

// line takes one line of NDJSON. An empty line carries nothing.
func (r *reader) line(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	var m feed.Message
	if err := json.Unmarshal(line, &m); err != nil {
		return err
	}
	r.counters.Messages.Add(1)
	r.fn(m)
	r.cursor = wire.Cursor(m)
	return nil
}

// eventParser takes the lines of an event stream, as far as this server writes it:
// LF line ends and one data field an event.
type eventParser struct {
	reader *reader
	id     string // the next Last-Event-ID, once its event is complete
	data   []byte
}

func (p *eventParser) reset() { p.id, p.data = "", nil }

// line takes one line; an empty one ends an event. An event that was cut off
// before its empty line is dropped: it will come again.
func (p *eventParser) line(line []byte) error {
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "id":
		p.id = string(value)
	case "data":
		p.data = append([]byte(nil), value...)
	case "retry":
		if ms, err := strconv.Atoi(string(value)); err == nil {
			p.reader.backoff.Floor = time.Duration(ms) * time.Millisecond
		}
	case "":
		if len(line) > 0 || p.data == nil { // a comment; no event
			return nil
		}
		data := p.data
		p.data = nil
		if err := p.reader.line(data); err != nil {
			return err
		}
		p.reader.cursor = cmp.Or(p.id, p.reader.cursor)
	}
	return nil
}
