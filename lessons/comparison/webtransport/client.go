package webtransport

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	wt "github.com/quic-go/webtransport-go"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/wire"
	"realtimelab/internal/wtclient"
)

// Client talks to a Server. Set the fields before the first call.
type Client struct {
	URL     string      // of the server, such as https://127.0.0.1:3000
	Way     Way         // "" is Stream
	TLS     *tls.Config // nil is the default of crypto/tls
	Header  http.Header // added to the request; may be nil
	Backoff client.Backoff

	Counters client.Counters // Requests counts the requests that open sessions

	lost   atomic.Int64
	outbox client.Outbox
}

// Lost returns the number of messages that Datagrams has not brought: the gaps in the ids. A
// datagram that comes after a later one counts as lost. It is 0 in the other ways.
func (c *Client) Lost() int64 { return c.lost.Load() }

// Publish sends one message in the session of a running Subscribe. It blocks until there is one.
// A nil error says that the message is on its way, no more. A message that the server would refuse
// returns a *client.RefusedError at once, as does a datagram that is too large.
func (c *Client) Publish(ctx context.Context, from, text string) error {
	return refused(c.outbox.Publish(ctx, from, text))
}

// Send is Publish for a message that is JSON already. The server reads "from" and "text" of it.
func (c *Client) Send(ctx context.Context, data []byte) error {
	return refused(c.outbox.Send(ctx, data))
}

// refused returns the error of a message that is too large as that of the server would be.
func refused(err error) error {
	if errors.Is(err, errTooLarge) {
		return &client.RefusedError{Status: http.StatusRequestEntityTooLarge, Reason: err.Error()}
	}
	return err
}

// Subscribe calls fn for each message after the cursor, on this goroutine, until ctx ends or the
// server refuses the client: the error is the cause, a *client.RefusedError, or a
// *webtransport.SessionError of webtransport-go. After any other end it opens a new session.
//
// With Stream, fn sees every message once and in order. With Streams, it sees every message once,
// in the order in which they arrive. With Datagrams, it sees the ids rise, some are missing, and
// the cursor means nothing: the first message is the next that the server gets. If the server was
// restarted, its log comes from the beginning and fn sees ids fall. The session is closed before
// Subscribe returns. One Subscribe at a time.
func (c *Client) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	backoff := c.Backoff
	seen := track{last: feed.Message{ID: after}}
	for {
		session, err := c.dial(ctx, &seen)
		if err == nil {
			backoff.Reset()
			err = c.converse(ctx, session, &seen, fn)
			session.Close()
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case permanent(err):
			return err
		}
		c.Counters.Failures.Add(1)
		if err := backoff.Wait(ctx); err != nil {
			return err
		}
	}
}

func permanent(err error) bool {
	var refused *client.RefusedError
	var ended *wt.SessionError
	return errors.As(err, &refused) || errors.As(err, &ended) && ended.ErrorCode == codeFault
}

func (c *Client) way() Way { return cmp.Or(c.Way, Stream) }

func (c *Client) dial(ctx context.Context, seen *track) (*wtclient.Session, error) {
	cursor := wire.Cursor(seen.last)
	if seen.last.At.IsZero() { // the caller's
		cursor = fmt.Sprint(seen.last.ID)
	}
	c.Counters.Requests.Add(1)
	session, err := wtclient.Dial(ctx, c.URL+string(c.way())+"?after="+url.QueryEscape(cursor),
		c.Header, c.TLS)
	var refused *wtclient.RefusedError
	if errors.As(err, &refused) {
		return nil, client.Refused(refused.Status, bytes.NewReader(refused.Body))
	}
	return session, err
}

func (c *Client) link(ctx context.Context, session *wtclient.Session) (link, error) {
	switch c.way() {
	case Streams:
		return newStreams(session.Session), nil
	case Datagrams:
		return datagrams{session.Session}, nil
	}
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return nil, err
	}
	_, err = stream.Write([]byte("\n")) // the server sees a stream with its first byte
	return newLines(stream), err
}

// converse reads until the session ends, which is always an error, while a writer sends what is
// published.
func (c *Client) converse(ctx context.Context, session *wtclient.Session, seen *track,
	fn func(feed.Message)) error {
	defer context.AfterFunc(ctx, session.Close)()
	l, err := c.link(ctx, session)
	if err != nil {
		return err
	}
	written := make(chan struct{})
	ended, end := context.WithCancel(ctx)
	go func() {
		defer close(written)
		c.outbox.Write(ended, l.send)
	}()
	err = c.read(ctx, l, seen, fn)
	end()
	session.Close()
	<-written
	l.wait()
	return err
}

func (c *Client) read(ctx context.Context, l link, seen *track, fn func(feed.Message)) error {
	newest := int64(0) // of this session
	for {
		data, err := l.receive()
		if err != nil {
			return err
		}
		c.Counters.Bytes.Add(int64(len(data)))
		var m feed.Message
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		if m.ID == 0 || ctx.Err() != nil {
			continue // {"error":…}, which Publish prevents; or the caller wants no more
		}
		switch c.way() {
		case Stream:
			seen.last = m
		case Streams:
			if !seen.add(m) {
				continue
			}
		case Datagrams:
			if m.ID <= newest {
				continue // counted as lost when the later one came
			}
			if newest > 0 {
				c.lost.Add(m.ID - newest - 1)
			}
			newest = m.ID
		}
		c.Counters.Messages.Add(1)
		fn(m)
	}
}
