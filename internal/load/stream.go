package load

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"realtimelab/internal/lang"
)

// eventStream receives server-sent events, and publishes with POST.
type eventStream struct {
	*run
}

// maxPosts bounds the requests under way, as the memory of this process does.
const maxPosts = 2000

func (p *eventStream) open(ctx context.Context, c *client) error {
	w := &stream{client: c}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, w.cancel) // until the answer is there
	answer, err := c.request(w.ctx, http.MethodGet, p.config.target.String(), "", nil)
	if err != nil {
		w.cancel()
		return err
	}
	kind := answer.Header.Get("Content-Type")
	switch {
	case !strings.HasPrefix(kind, "text/event-stream"):
		err = failf(CauseProtocol, "the answer is %q, want text/event-stream",
			"响应是 %q，应为 text/event-stream", kind)
	case !stop():
		err = ctx.Err()
	case !c.joins(w):
		err = lang.Errorf("the client has left", "客户端已离开")
	}
	if err != nil {
		w.cancel()
		answer.Body.Close()
		return err
	}
	p.sockets.Add()
	go w.loop(answer.Body)
	return nil
}

func (p *eventStream) hear(c *client, now time.Time, data []byte, _ bool) error {
	c.labels(now, data)
	return nil
}

func (p *eventStream) message(c *client, number int) []byte {
	return p.config.text(p.labeler, number, roomName(c.room()))
}

func (p *eventStream) watch(context.Context) {}

// A stream is one client's event stream.
type stream struct {
	client *client
	ctx    context.Context
	cancel context.CancelFunc
}

// loop reads lines until the stream ends.
func (w *stream) loop(body io.ReadCloser) {
	r := w.client.run
	defer r.sockets.Leave()
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxMessage)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:")); ok {
			_ = w.client.hear(time.Now(), data, false)
		}
	}
	err := lines.Err()
	if err == nil {
		err = io.EOF
	}
	w.cancel()
	w.client.lost(w, err)
}

// send publishes with a POST of its own.
func (w *stream) send(text []byte) error {
	r := w.client.run
	if r.posts.Add(1) > maxPosts {
		r.posts.Add(-1)
		return errQueue
	}
	r.tasks.Go(func() {
		defer r.posts.Add(-1)
		ctx, cancel := context.WithTimeout(w.ctx, r.config.Timeout)
		defer cancel()
		if _, err := w.client.exchange(ctx, http.MethodPost, r.config.post.String(),
			"application/json", text); err != nil && w.ctx.Err() == nil {
			r.tally.failed(phaseSend, err)
		}
	})
	return nil
}

func (w *stream) leave() { w.cancel() }

func (w *stream) cut() { w.cancel() }
