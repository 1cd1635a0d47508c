package webtransport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"realtimelab/internal/feed/wire"

	"github.com/quic-go/quic-go"
	wt "github.com/quic-go/webtransport-go"
)

// A Way is the path of a server under which messages travel in one of three ways.
type Way string

// The ways.
const (
	// Stream carries all messages over one bidirectional stream, a line of JSON each, so that they
	// arrive in order. A line break delimits them because JSON on one line contains none, and
	// because the streaming response of the lessons uses the same lines. A lost packet holds up
	// every later message.
	Stream Way = "/stream"

	// Streams carries each message over a unidirectional stream of its own, which its end delimits.
	// A lost packet holds up only the messages in it, and later ones overtake them.
	Streams Way = "/streams"

	// Datagrams carries each message in a datagram, which is not sent again when it is lost.
	Datagrams Way = "/datagrams"
)

// A link carries messages over a session. One goroutine sends, another receives.
type link interface {
	// send sends a message. It fails when the peer takes nothing for sendTimeout; a datagram that
	// is too large is errTooLarge.
	send(message []byte) error

	// receive waits for the next message, which is not empty.
	receive() ([]byte, error)

	// finish tells the peer that no more messages follow, where it can.
	finish()

	// wait waits for the link's goroutines when the session has ended.
	wait()
}

// sendTimeout bounds one write to a peer that does not read.
const sendTimeout = 30 * time.Second

var (
	errTooLarge = errors.New("the message is too large")
	errGarbled  = errors.New("a message was cut off")
)

// lines is the link of Stream.
type lines struct {
	stream *wt.Stream
	in     *bufio.Scanner
}

func newLines(s *wt.Stream) *lines {
	l := &lines{s, bufio.NewScanner(s)}
	l.in.Buffer(nil, maxMessage+1)
	l.in.Split(wholeLines)
	return l
}

// maxMessage bounds a message, in bytes. The JSON of no message that the feed takes is longer.
const maxMessage = 8 * wire.MaxBody

// wholeLines is bufio.ScanLines without the last line of a stream that was cut inside it.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}

func (l *lines) send(message []byte) error {
	_ = l.stream.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err := l.stream.Write(append(bytes.Clone(message), '\n'))
	return err
}

func (l *lines) receive() ([]byte, error) {
	for l.in.Scan() {
		if len(l.in.Bytes()) > 0 {
			return bytes.Clone(l.in.Bytes()), nil
		}
	}
	switch err := l.in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, errTooLarge
	case err != nil:
		return nil, err
	}
	return nil, io.EOF
}

func (l *lines) finish() { _ = l.stream.Close() }
func (l *lines) wait()   {}

// streams is the link of Streams.
type streams struct {
	session *wt.Session
	in      chan received
	reading sync.WaitGroup // accept, and a goroutine for each stream
}

type received struct {
	message []byte
	err     error
}

func newStreams(s *wt.Session) *streams {
	l := &streams{session: s, in: make(chan received)}
	l.reading.Go(l.accept)
	return l
}

// accept reads streams until the session ends. QUIC bounds how many are open at a time.
func (l *streams) accept() {
	for {
		s, err := l.session.AcceptUniStream(l.session.Context())
		if err != nil {
			return
		}
		l.reading.Go(func() {
			message, err := io.ReadAll(io.LimitReader(s, maxMessage+1))
			switch {
			case err != nil:
				err = errGarbled
			case len(message) > maxMessage:
				err = errTooLarge
			}
			select {
			case l.in <- received{message, err}:
			case <-l.session.Context().Done():
			}
		})
	}
}

func (l *streams) send(message []byte) error {
	ctx, cancel := context.WithTimeout(l.session.Context(), sendTimeout)
	defer cancel()
	s, err := l.session.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	_ = s.SetWriteDeadline(time.Now().Add(sendTimeout))
	if _, err := s.Write(message); err != nil {
		s.CancelWrite(0)
		return err
	}
	return s.Close()
}

func (l *streams) receive() ([]byte, error) {
	for {
		select {
		case r := <-l.in:
			if r.err != nil || len(r.message) > 0 {
				return r.message, r.err
			}
		case <-l.session.Context().Done():
			return nil, ended(l.session)
		}
	}
}

func (l *streams) finish() {}
func (l *streams) wait()   { l.reading.Wait() }

// ended returns why a session has ended.
func ended(s *wt.Session) error {
	_, err := s.AcceptUniStream(s.Context()) // at once, for a session that has
	return err
}

// datagrams is the link of Datagrams.
type datagrams struct{ session *wt.Session }

func (l datagrams) send(message []byte) error {
	err := l.session.SendDatagram(message)
	var tooLarge *quic.DatagramTooLargeError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return err
}

func (l datagrams) receive() ([]byte, error) {
	for {
		message, err := l.session.ReceiveDatagram(l.session.Context())
		if err != nil {
			return nil, ended(l.session)
		}
		if len(message) > 0 {
			return message, nil
		}
	}
}

func (l datagrams) finish() {}
func (l datagrams) wait()   {}
