package xray

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
	"sync"

	"realtimelab/internal/tap"
)

// deflate is the permessage-deflate state of one direction (RFC 7692).
type deflate struct {
	takeover bool   // the sender's compressor keeps its window between messages
	window   []byte // the end of the data inflated so far
	broken   *Text  // why inflating has stopped
}

// maxWindow is the maximum distance of a DEFLATE back-reference.
const maxWindow = 32 << 10

// newDeflate parses the server's extension header. It returns nil if permessage-deflate was not
// negotiated.
func newDeflate(extensions string, dir tap.Direction) *deflate {
	for _, extension := range strings.Split(extensions, ",") {
		params := strings.Split(extension, ";")
		if strings.TrimSpace(params[0]) != "permessage-deflate" {
			continue
		}
		without := "client_no_context_takeover"
		if dir == tap.Out {
			without = "server_no_context_takeover"
		}
		d := &deflate{takeover: true}
		for _, p := range params[1:] {
			if strings.TrimSpace(p) == without {
				d.takeover = false
			}
		}
		return d
	}
	return nil
}

// inflate returns the message's content, or the reason why it is not available.
func (w *websocket) inflate(m partialMessage) ([]byte, *Text) {
	if !m.compressed {
		return m.data, nil
	}
	d := w.deflate
	switch {
	case d == nil || m.wrong != nil:
		why := say("compressed, although no compression was negotiated",
			"内容经过压缩，但并没有约定过压缩")
		return nil, &why
	case d.broken != nil:
		return nil, d.broken
	case m.tooLarge || m.missed && d.takeover && m.data == nil:
		return nil, d.lose(
			say("an earlier compressed message was too large to "+
				"read, and this one refers to it",
				"之前有一条压缩消息太大而没有解读，这一条又引用了它"))
	}
	out, err := d.inflate(m.data)
	if err == nil {
		return out, nil
	}
	why := say("not inflated: %s", "无法解压：%s", err.Error())
	d.lose(say("an earlier compressed message could not be inflated, and this one may refer to it",
		"之前有一条压缩消息无法解压，而这一条可能引用了它"))
	return nil, &why
}

// lose stops inflating if later messages depend on the lost one.
func (d *deflate) lose(why Text) *Text {
	if d.takeover {
		d.broken, d.window = &why, nil
	}
	return &why
}

// tail restores what a sender removes from the end of each message (RFC 7692 §7.2.1), and adds an
// empty last block that ends the stream.
var tail = []byte{0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff}

var flaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func (d *deflate) inflate(data []byte) ([]byte, error) {
	r := flaters.Get().(io.Reader)
	defer flaters.Put(r)
	if err := r.(flate.Resetter).Reset(io.MultiReader(bytes.NewReader(data), bytes.NewReader(tail)),
		d.window); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err != nil {
		return nil, err
	}
	if len(out) > maxInflated {
		return nil, errBomb
	}
	if d.takeover {
		d.remember(out)
	}
	return out, nil
}

// remember keeps the end of the inflated data.
func (d *deflate) remember(out []byte) {
	if len(out) >= maxWindow {
		d.window = append(d.window[:0], out[len(out)-maxWindow:]...)
		return
	}
	if over := len(d.window) + len(out) - maxWindow; over > 0 {
		d.window = append(d.window[:0], d.window[over:]...)
	}
	d.window = append(d.window, out...)
}
