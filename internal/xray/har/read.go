package har

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// MaxFile bounds an archive that Read takes, in bytes. An archive is in memory as a whole.
const MaxFile = 128 << 20

// Read replays an archive of a browser's developer tools, or of Write, into the tap. An archive
// holds requests, responses and messages, and not their bytes on the wire: Read rebuilds the bytes
// as HTTP/1.1 and as frames with the masking key 0. It calls pace often, so that the tap's reader
// keeps up.
func Read(r io.Reader, t *tap.Tap, pace func() error) error {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return err
	}
	if len(data) > MaxFile {
		return fmt.Errorf("the archive is larger than %d MiB", MaxFile>>20)
	}
	var archive struct {
		Log *struct {
			Entries []readEntry `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(data, &archive); err != nil {
		return damaged(err, len(data))
	}
	if archive.Log == nil {
		return errors.New(`not an archive: it has no "log"`)
	}
	p := player{tap: t}
	for i := range archive.Log.Entries {
		if err := p.entry(&archive.Log.Entries[i]); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return p.play(pace)
}

// damaged adds the offset and the field to a JSON error.
func damaged(err error, size int) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(size):
		return &xray.FileError{Offset: int64(size), Err: errors.New("the archive ends too early")}
	case errors.As(err, &syntax):
		return &xray.FileError{Offset: syntax.Offset, Err: err}
	case errors.As(err, &kind):
		return &xray.FileError{Offset: kind.Offset,
			Err: fmt.Errorf("%s is %s", cmp.Or(kind.Field, "the archive"), kind.Value)}
	}
	return err
}

// readEntry holds the fields of an entry that Read takes. Browsers leave out what they do not know,
// or write null or -1.
type readEntry struct {
	Started    time.Time     `json:"startedDateTime"`
	Time       float64       `json:"time"`
	Request    readRequest   `json:"request"`
	Response   readResponse  `json:"response"`
	Timings    readTimings   `json:"timings"`
	ServerIP   string        `json:"serverIPAddress"`
	Connection any           `json:"connection"` // a string, or a number
	Side       tap.Side      `json:"_side"`
	Type       string        `json:"_resourceType"`
	Messages   []readMessage `json:"_webSocketMessages"`
}

type readRequest struct {
	Method   string    `json:"method"`
	URL      string    `json:"url"`
	Headers  []pair    `json:"headers"`
	PostData *postData `json:"postData"`
}

type readResponse struct {
	Status     int     `json:"status"`
	StatusText string  `json:"statusText"`
	Headers    []pair  `json:"headers"`
	Content    content `json:"content"`
}

type readTimings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
}

type readMessage struct {
	Type   string  `json:"type"`
	Time   float64 `json:"time"`
	Opcode int     `json:"opcode"`
	Data   string  `json:"data"`
}

// A moment is one event of a connection.
type moment struct {
	at   time.Time
	conn *playedConn
	do   func(*tap.Replayed, time.Time)
	size int
}

// playedConn is a connection that is replayed.
type playedConn struct {
	peer     *tap.Peer
	replayed *tap.Replayed
	id       string    // of the archive; empty if it has none
	opened   time.Time // its last response began
	until    time.Time // its last exchange is over
	shut     bool      // it takes no more requests
}

// player collects the events of an archive and replays them in the order of their times.
type player struct {
	tap     *tap.Tap
	moments []moment
	conns   []*playedConn
}

// entry adds the events of an entry.
func (p *player) entry(e *readEntry) error {
	target, err := url.Parse(e.Request.URL)
	if err != nil || target.Host == "" {
		if strings.HasPrefix(e.Request.URL, "data:") || strings.HasPrefix(e.Request.URL, "blob:") {
			return nil // nothing of it crossed the wire
		}
		return fmt.Errorf("%.100q is not a URL", e.Request.URL)
	}
	if year := e.Started.Year(); year > 9998 {
		return fmt.Errorf("the time %s is out of range", e.Started)
	}
	sent := e.Started.Add(ms64(max(e.Timings.Blocked, 0) + max(e.Timings.DNS,
		0) + max(e.Timings.Connect, 0)))
	answered := sent.Add(ms64(max(e.Timings.Send, 0) + max(e.Timings.Wait, 0)))
	ended := e.Started.Add(ms64(max(e.Time, 0)))
	if ended.Before(answered) {
		ended = answered
	}
	socket := e.isWebSocket()
	c := p.conn(e, target, sent)
	c.until, c.opened = ended, answered
	p.data(c, sent, tap.In, e.requestBytes(target, socket))
	if e.Response.Status == 0 {
		c.shut = true
		return nil
	}
	head, body, missing := e.responseBytes(socket)
	p.data(c, answered, tap.Out, head)
	p.data(c, ended, tap.Out, body)
	if missing > 0 {
		p.add(c, ended, 0, func(r *tap.Replayed, at time.Time) {
			r.Skip(tap.Out, missing)
			r.End(at, tap.Out)
		})
	}
	c.shut = socket || missing > 0
	for _, m := range e.Messages {
		if err := p.message(c, m); err != nil {
			return err
		}
	}
	return nil
}

// conn returns the connection of an entry: the one that the archive names if it is idle, otherwise
// a new one.
func (p *player) conn(e *readEntry, target *url.URL, at time.Time) *playedConn {
	id := ""
	switch v := e.Connection.(type) {
	case string:
		id = v
	case float64:
		id = strconv.FormatFloat(v, 'f', -1, 64)
	}
	for _, c := range slices.Backward(p.conns) {
		if id != "" && c.id == id+"\x00"+string(e.Side)+target.Host {
			if !c.shut && !at.Before(c.until) {
				return c
			}
			break
		}
	}
	c := &playedConn{peer: &tap.Peer{Local: serverOf(e, target), Remote: unknown(), Opened: at,
		Side: e.Side}}
	if id != "" {
		c.id = id + "\x00" + string(e.Side) + target.Host
	}
	p.conns = append(p.conns, c)
	return c
}

func unknown() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.IPv4Unspecified(), 0))
}

// serverOf returns the address of an entry's server.
func serverOf(e *readEntry, target *url.URL) net.Addr {
	port := map[string]int{"http": 80, "ws": 80, "https": 443, "wss": 443}[target.Scheme]
	if n, err := strconv.ParseUint(target.Port(), 10, 16); err == nil {
		port = int(n)
	}
	ip, err := netip.ParseAddr(strings.Trim(cmp.Or(e.ServerIP, target.Hostname()), "[]"))
	if err != nil {
		ip = netip.IPv4Unspecified()
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port)))
}

func (p *player) add(c *playedConn, at time.Time, size int, do func(*tap.Replayed, time.Time)) {
	p.moments = append(p.moments, moment{at, c, do, size})
}

func (p *player) data(c *playedConn, at time.Time, dir tap.Direction, data []byte) {
	if len(data) > 0 {
		p.add(c, at, len(data), func(r *tap.Replayed, at time.Time) { r.Data(at, dir, data) })
	}
}

// play replays the events.
func (p *player) play(pace func() error) error {
	slices.SortStableFunc(p.moments, func(a, b moment) int { return a.at.Compare(b.at) })
	const paceBytes = 256 << 10
	size, since := 0, 0
	for _, m := range p.moments {
		if m.conn.replayed == nil {
			m.conn.replayed = p.tap.Replay(m.conn.peer, true)
		}
		m.do(m.conn.replayed, m.at)
		size, since = size+m.size, since+1
		if size >= paceBytes || since >= 1000 {
			size, since = 0, 0
			if err := pace(); err != nil {
				return err
			}
		}
	}
	return nil
}

func ms64(ms float64) time.Duration {
	const day = 24 * 60 * 60 * 1000
	return time.Duration(min(ms, day) * float64(time.Millisecond))
}

// plain decodes a text of the archive.
func plain(text, encoding string) ([]byte, error) {
	if encoding == "base64" {
		return base64.StdEncoding.DecodeString(text)
	}
	return []byte(text), nil
}
