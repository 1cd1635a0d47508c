package load

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/siopacket"
)

// socketIO speaks Socket.IO over WebSocket or polling: protocol 5 over Engine.IO 4, or that of
// Socket.IO 2 over Engine.IO 3.
type socketIO struct {
	*run
	interval, timeout atomic.Int64 // of the server's heartbeat, as time.Duration
}

// opening is the data of Engine.IO's packet open.
type opening struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
}

// uri returns the request target of the handshake.
func (p *socketIO) uri(transport string) string {
	q := p.config.target.Query()
	q.Set("EIO", strconv.Itoa(p.config.EIO))
	q.Set("transport", transport)
	return p.config.Path + "?" + q.Encode()
}

func (p *socketIO) open(ctx context.Context, c *client) error {
	switch {
	case c.polls:
		return p.openPolling(ctx, c)
	case p.config.Upgrade:
		return p.openUpgraded(ctx, c)
	}
	return p.overWebSocket(ctx, c, "", nil, p.connect)
}

// overWebSocket connects a client over WebSocket. shake makes the handshake, and early holds
// packets that came before.
func (p *socketIO) overWebSocket(ctx context.Context, c *client, query string, early [][]byte,
	shake func(read func() ([]byte, error), send func([]byte) error) error) error {
	conn, in, err := p.openWebSocket(ctx, c, p.uri("websocket")+query)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s := newSocket(c, conn)
	err = shake(func() ([]byte, error) { return s.readText(in) }, s.send)
	if err != nil || !c.joins(s) {
		conn.Close()
		in.Reset(nil)
		readers.Put(in)
		return err
	}
	for _, packet := range early {
		_ = c.hear(time.Now(), packet, false)
	}
	s.start(in)
	return p.enter(c)
}

// connect opens the session and joins the namespace.
func (p *socketIO) connect(read func() ([]byte, error), send func([]byte) error) error {
	first, err := read()
	if err != nil {
		return err
	}
	if _, err := p.opened(first); err != nil {
		return err
	}
	return p.join(read, send)
}

// opened reads the packet open.
func (p *socketIO) opened(text []byte) (o opening, err error) {
	packet, err := eiopacket.ParseText(text)
	if err != nil || packet.Type != eiopacket.Open || json.Unmarshal(packet.Data, &o) != nil ||
		o.SID == "" {
		return o, failf(CauseProtocol, "this is not Socket.IO: its first message is %.60q",
			"这不是 Socket.IO：它的第一条消息是 %.60q", text)
	}
	p.interval.Store(int64(time.Duration(o.PingInterval) * time.Millisecond))
	p.timeout.Store(int64(time.Duration(o.PingTimeout) * time.Millisecond))
	return o, nil
}

// join sends CONNECT and waits for the answer.
func (p *socketIO) join(read func() ([]byte, error), send func([]byte) error) error {
	main := p.config.Namespace == siopacket.MainNamespace
	if p.config.EIO == 4 || !main { // a client of Socket.IO 2 is in the main namespace at once
		if err := send(message(siopacket.Packet{Type: siopacket.Connect,
			Namespace: p.config.Namespace, Data: p.config.Auth})); err != nil {
			return err
		}
	}
	for {
		text, err := read()
		if err != nil {
			return err
		}
		packet, err := eiopacket.ParseText(text)
		switch {
		case err != nil:
			return &failure{CauseProtocol, err}
		case packet.Type == eiopacket.Ping && p.config.EIO == 4:
			if err := send([]byte{byte(eiopacket.Pong)}); err != nil {
				return err
			}
		case packet.Type == eiopacket.Close:
			return failf(CauseClose, "Engine.IO packet close", "Engine.IO 的 close 数据包")
		}
		if packet.Type != eiopacket.Message || packet.Binary {
			continue
		}
		answer, _, err := siopacket.ParseText(packet.Data)
		of := answer.Namespace
		if of == "" {
			of = siopacket.MainNamespace
		}
		switch {
		case err != nil:
			return &failure{CauseProtocol, err}
		case of != p.config.Namespace:
		case answer.Type == siopacket.Connect:
			return nil
		case answer.Type == siopacket.ConnectError:
			return failf(CauseRejected, "%s %s", "%s %s", p.config.Namespace, answer.Data)
		case answer.Type == siopacket.Disconnect:
			return failf(CauseRejected, "%s: DISCONNECT", "%s：DISCONNECT", p.config.Namespace)
		}
	}
}

// enter asks for the client's room.
func (p *socketIO) enter(c *client) error {
	if !p.config.profile.rooms {
		return nil
	}
	data, _ := json.Marshal([]string{p.config.JoinEvent, roomName(c.room())})
	return c.send(message(siopacket.Packet{Type: siopacket.Event, Namespace: p.config.Namespace,
		Data: data}))
}

// message returns a packet as the text of an Engine.IO message.
func message(packet siopacket.Packet) []byte {
	return packet.AppendText([]byte{byte(eiopacket.Message)})
}

// hear takes one Engine.IO packet.
func (p *socketIO) hear(c *client, now time.Time, data []byte, binary bool) error {
	if binary {
		c.labels(now, data) // an attachment
		return nil
	}
	if len(data) == 0 {
		return failf(CauseProtocol, "an empty packet", "空的数据包")
	}
	switch eiopacket.Type(data[0]) {
	case eiopacket.Message:
		return p.packet(c, now, data[1:])
	case eiopacket.Ping:
		c.beat.Store(int64(p.elapsed()))
		return c.send([]byte{byte(eiopacket.Pong)})
	case eiopacket.Pong:
		c.beat.Store(int64(p.elapsed()))
	case eiopacket.Close:
		return failf(CauseClose, "Engine.IO packet close", "Engine.IO 的 close 数据包")
	case eiopacket.Noop, eiopacket.Open, eiopacket.Upgrade:
	case 'b': // an attachment in base64
	default:
		return failf(CauseProtocol, "unknown packet %.60q", "未知的数据包 %.60q", data)
	}
	return nil
}

// packet takes one Socket.IO packet. Of an event, only the label counts.
func (p *socketIO) packet(c *client, now time.Time, text []byte) error {
	if len(text) == 0 {
		return failf(CauseProtocol, "an empty packet", "空的数据包")
	}
	switch siopacket.Type(text[0] - '0') {
	case siopacket.Event, siopacket.BinaryEvent:
		c.labels(now, text)
		return nil
	case siopacket.Ack, siopacket.BinaryAck:
		packet, _, err := siopacket.ParseText(text)
		if err != nil {
			return &failure{CauseProtocol, err}
		}
		p.tally.messages.Add(1)
		if p.config.profile.acks && packet.HasID {
			p.tally.deliver(c, int(packet.ID), now.Sub(p.began))
		}
		return nil
	case siopacket.Disconnect:
		return failf(CauseClose, "disconnected from the namespace", "已断开命名空间")
	case siopacket.Connect, siopacket.ConnectError:
		return nil
	}
	return failf(CauseProtocol, "unknown packet %.60q", "未知的数据包 %.60q", text)
}

func (p *socketIO) message(c *client, number int) []byte {
	packet := siopacket.Packet{Type: siopacket.Event, Namespace: p.config.Namespace,
		Data: p.config.text(p.labeler, number, roomName(c.room()))}
	if p.config.profile.acks {
		packet.ID, packet.HasID = uint64(number), true
	}
	return message(packet)
}

// watch cuts the connections whose server has been silent for too long, which is the client's part
// in the heartbeat. For Engine.IO 3, it also sends the pings.
func (p *socketIO) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for second := 0; ; second++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		interval, timeout := time.Duration(p.interval.Load()), time.Duration(p.timeout.Load())
		every := max(1, int(interval/time.Second))
		for _, c := range p.everyone() {
			silent := p.elapsed() - time.Duration(c.beat.Load())
			switch {
			case c.connection() == nil || interval == 0 || c.slow:
			case silent > interval+timeout+time.Second:
				c.abort(failf(CauseHeartbeat, "nothing for %s", "%s 没有任何数据",
					silent.Round(time.Second)))
			case p.config.EIO == 3 && (second+c.number)%every == 0:
				_ = c.send([]byte{byte(eiopacket.Ping)})
			}
		}
	}
}

// packets calls take with each packet of a polling payload.
func packets(body []byte, take func([]byte) error) error {
	for text := range bytes.SplitSeq(body, []byte{eiopacket.Separator}) {
		if err := take(text); err != nil {
			return lang.Errorf("in a polling payload: %w", "轮询的载荷里：%w", err)
		}
	}
	return nil
}
