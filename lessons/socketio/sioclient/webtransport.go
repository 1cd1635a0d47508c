package sioclient

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// webTransport is the transport over one bidirectional stream of a WebTransport session: see
// eiopacket for its format.
type webTransport struct {
	conn       net.Conn
	in         *bufio.Reader
	maxMessage int

	ended chan struct{} // closed when a read has failed
	end   func()
}

// dialWebTransport connects. The first packet opens a session, or contains the sid of the session
// to upgrade.
func dialWebTransport(ctx context.Context, e *endpoint, sid string) (transport, error) {
	conn, err := e.config.DialWebTransport(ctx, e.url(WebTransport, sid), e.config.Header.Clone(),
		e.config.TLS)
	if err != nil {
		return nil, err
	}
	w := &webTransport{conn: conn, in: bufio.NewReaderSize(conn, bufferSize),
		maxMessage: e.config.MaxMessage, ended: make(chan struct{})}
	w.end = sync.OnceFunc(func() { close(w.ended) })
	open := eiopacket.Packet{Type: eiopacket.Open}
	if sid != "" {
		open.Data, _ = json.Marshal(map[string]string{"sid": sid})
	}
	if _, err := w.write([]eiopacket.Packet{open}); err != nil {
		w.abort()
		return nil, err
	}
	return w, nil
}

func (w *webTransport) name() string { return WebTransport }

func (w *webTransport) abort() { w.conn.Close() }

func (w *webTransport) read() ([]eiopacket.Packet, error) {
	p, err := eiopacket.ReadStream(w.in, w.maxMessage)
	if err != nil {
		w.end()
		return nil, err
	}
	return []eiopacket.Packet{p}, nil
}

// write sends one packet.
func (w *webTransport) write(packets []eiopacket.Packet) (int, error) {
	for data := packets[0].AppendStream(nil); len(data) > 0; {
		n := min(len(data), writeChunk)
		w.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.conn.Write(data[:n]); err != nil {
			return 0, err
		}
		data = data[n:]
	}
	return 1, nil
}

// endTimeout bounds how long close waits for the server to read the last packets: the end of the
// session would discard them.
const endTimeout = 500 * time.Millisecond

// close closes the stream, and then the session when the server has closed its side of the stream.
func (w *webTransport) close(last []eiopacket.Packet) {
	defer w.abort()
	for len(last) > 0 {
		if _, err := w.write(last); err != nil {
			return
		}
		last = last[1:]
	}
	half, ok := w.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	select {
	case <-w.ended:
	case <-time.After(endTimeout):
	}
}
