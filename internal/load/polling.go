package load

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// newHTTP returns a client for polling and event streams. It dials as the sockets do, counts the
// bytes of its connections, and follows no redirect.
func (r *run) newHTTP() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := r.dial(ctx, int(r.dials.Add(1)-1), false)
		if err != nil {
			return nil, err
		}
		return &countedConn{conn, r.tally}, nil
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: r.tls,
		MaxIdleConnsPerHost: maxClients, DisableCompression: true}
	return &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
}

// countedConn counts the bytes of a connection.
type countedConn struct {
	net.Conn
	tally *tally
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tally.in.Add(int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.tally.out.Add(int64(n))
	return n, err
}

// request sends a client's request and returns the answer if its status is 2xx. The caller closes
// its body.
func (c *client) request(ctx context.Context, method, uri, contentType string,
	body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, uri, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header := c.header(request.URL); header != nil {
		request.Header = header.Clone()
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Host = request.Header.Get("Host") // empty: that of the URL
	answer, err := c.run.http.Do(request)
	if err != nil {
		return nil, err
	}
	c.keep(request.URL, answer)
	if answer.StatusCode/100 != 2 {
		return nil, statusError(answer)
	}
	return answer, nil
}

// exchange sends a client's request and reads the whole answer.
func (c *client) exchange(ctx context.Context, method, uri, contentType string,
	body []byte) ([]byte, error) {
	answer, err := c.request(ctx, method, uri, contentType, body)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, maxMessage))
}

// A poller is a connection over long polling: one request waits for packets, and at most one other
// carries what the client sends.
type poller struct {
	client *client
	uri    string
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	out     [][]byte
	posting bool
}

// session opens a session over polling and joins the namespace. It returns the packets that came
// after that, too.
func (p *socketIO) session(ctx context.Context, c *client) (w *poller, o opening, queue [][]byte,
	err error) {
	uri := p.config.target.Scheme + "://" + p.config.target.Host + p.uri("polling")
	body, err := c.exchange(ctx, http.MethodGet, uri, "", nil)
	if err == nil {
		o, err = p.opened(body)
	}
	if err != nil {
		return nil, o, nil, err
	}
	w = &poller{client: c, uri: uri + "&sid=" + url.QueryEscape(o.SID)}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	read := func() ([]byte, error) {
		for len(queue) == 0 {
			body, err := c.exchange(ctx, http.MethodGet, w.uri, "", nil)
			if err != nil {
				return nil, err
			}
			queue = bytes.Split(body, []byte{eiopacket.Separator})
		}
		first := queue[0]
		queue = queue[1:]
		return first, nil
	}
	if err := p.join(read, func(text []byte) error { return w.post(ctx, text) }); err != nil {
		w.cancel()
		return nil, o, nil, err
	}
	return w, o, queue, nil
}

// openPolling connects a client that stays on polling.
func (p *socketIO) openPolling(ctx context.Context, c *client) error {
	w, _, queue, err := p.session(ctx, c)
	if err != nil {
		return err
	}
	return p.poll(c, w, queue)
}

// poll makes a session over polling the client's connection.
func (p *socketIO) poll(c *client, w *poller, queue [][]byte) error {
	if !c.joins(w) {
		w.cancel()
		return nil
	}
	p.sockets.Add()
	go w.loop(queue)
	return p.enter(c)
}

// loop polls until the connection ends.
func (w *poller) loop(early [][]byte) {
	r := w.client.run
	defer r.sockets.Leave()
	take := func(text []byte) error { return w.client.hear(time.Now(), text, false) }
	for _, text := range early {
		if err := take(text); err != nil {
			w.client.lost(w, err)
			return
		}
	}
	for {
		body, err := w.client.exchange(w.ctx, http.MethodGet, w.uri, "", nil)
		if err == nil {
			err = packets(body, take)
		}
		if err != nil {
			w.cancel()
			w.client.lost(w, err)
			return
		}
	}
}

func (w *poller) post(ctx context.Context, body []byte) error {
	_, err := w.client.exchange(ctx, http.MethodPost, w.uri, "text/plain;charset=UTF-8", body)
	return err
}

// send queues a packet for the next POST.
func (w *poller) send(text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx.Err() != nil {
		return net.ErrClosed
	}
	if len(w.out) >= 10_000 {
		return errQueue
	}
	w.out = append(w.out, text)
	if !w.posting {
		w.posting = true
		w.client.run.tasks.Go(w.flush)
	}
	return nil
}

// flush posts what waits, until nothing does.
func (w *poller) flush() {
	for {
		w.mu.Lock()
		batch := w.out
		w.out = nil
		w.posting = len(batch) > 0
		w.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		if err := w.post(w.ctx, bytes.Join(batch, []byte{eiopacket.Separator})); err != nil &&
			w.ctx.Err() == nil {
			w.client.abort(err)
		}
	}
}

// leave ends the session with the packet close.
func (w *poller) leave() {
	w.client.run.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		_ = w.post(ctx, []byte{byte(eiopacket.Close)})
		w.cancel()
	})
}

func (w *poller) cut() { w.cancel() }
