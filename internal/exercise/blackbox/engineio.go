package blackbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
	"realtimelab/lessons/websocket/frame"
)

const polling = "/socket.io/?EIO=4&transport=polling"

// handshake is the content of the open packet.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

// openPacket reads an open packet, or fails.
func (a *attack) openPacket(text string) handshake {
	data, ok := strings.CutPrefix(text, "0")
	var h handshake
	var keys map[string]any
	if !ok || json.Unmarshal([]byte(data), &h) != nil ||
		json.Unmarshal([]byte(data), &keys) != nil {
		check.Fail(a,
			"The first packet must be open: 0 and JSON with sid, upgrades, pingInterval, "+
				"pingTimeout and maxPayload. Yours was: %.200s",
			"第一个数据包必须是 open：0 加 JSON，里面有 sid、upgrades、pingInterval、pingTimeout "+
				"和 maxPayload。得到的是：%.200s", text)
	}
	for _, key := range []string{"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"} {
		if keys[key] == nil {
			check.Fail(a, "The open packet has %[2]v, but lacks %[1]s.",
				"open 数据包里有 %[2]v，缺少 %[1]s。", key, slices.Sorted(maps.Keys(keys)))
		}
	}
	if h.SID == "" || h.PingInterval < 100 || h.PingTimeout < 100 {
		check.Fail(a,
			"The open packet has invalid values: sid %q, pingInterval %d ms, pingTimeout %d ms.",
			"open 数据包不合理：sid 为 %q，pingInterval 为 %d 毫秒，pingTimeout 为 %d 毫秒。", h.SID,
			h.PingInterval, h.PingTimeout)
	}
	return h
}

func (a *attack) openPolling() handshake {
	got := a.ask("GET", polling, "")
	a.status(got, 200, "A GET without a sid must begin a session and return 200.",
		"不带 sid 的 GET 开始一个会话，用 200 应答。")
	return a.openPacket(got.body)
}

func opensPolling(a *attack) {
	one, two := a.openPolling(), a.openPolling()
	if one.SID == two.SID {
		check.Fail(a, "Two clients were given the same sid, %s.",
			"两个客户端拿到了同样的 sid：%s。", one.SID)
	}
	if !slices.Equal(one.Upgrades, []string{"websocket"}) {
		check.Fail(a,
			"Over polling, upgrades offers what the client may upgrade "+
				"to: [\"websocket\"]. It was %q.",
			"走轮询时，upgrades 列出客户端可以升级到什么：[\"websocket\"]。得到的是 %q。",
			one.Upgrades)
	}
}

func refusesStrangers(a *attack) {
	sid := a.openPolling().SID
	for _, c := range []struct{ path, want, en, zh string }{
		{polling + "&sid=nobody", `{"code":1,"message":"Session ID unknown"}`,
			"This sid was never issued.", "没有发给过任何人的 sid。"},
		{"/socket.io/?EIO=4&transport=pigeon", `{"code":0,"message":"Transport unknown"}`,
			"This transport does not exist.", "不存在的传输方式。"},
		{"/socket.io/?EIO=4&transport=websocket&sid=" + sid, `{"code":3,"message":"Bad request"}`,
			"transport=websocket, and no upgrade.", "transport=websocket，却没有升级。"},
	} {
		got := a.ask("GET", c.path, "")
		a.status(got, 400, c.en+" It is refused with 400.", c.zh+"用 400 拒绝。")
		check.Value(a, "body", plain(strings.TrimSpace(got.body)), plain(c.want),
			c.en+" The body says what is wrong, with its code.", c.zh+"正文说明错在哪里，带代码。")
	}
}

func takesMessages(a *attack) {
	sid := a.openPolling().SID
	got := a.ask("POST", polling+"&sid="+sid, "3")
	a.status(got, 200, "A POST with a packet (here a pong) must return 200.",
		"带一个数据包（这里是 pong）的 POST 用 200 应答。")
	check.Value(a, "body", got.body, "ok", "The answer to a POST is the text ok.",
		"POST 的应答是文本 ok。")
}

// plain returns a packet with its JSON without spaces and with sorted keys, because servers may
// write it in any way.
func plain(packet string) string {
	at := strings.IndexAny(packet, "[{")
	var value any
	if at < 0 || json.Unmarshal([]byte(packet[at:]), &value) != nil {
		return packet
	}
	data, _ := json.Marshal(value) // it was JSON
	return packet[:at] + string(data)
}

// packet reads the next packet. It answers the pings before it, as a client does.
func (s *socket) packet(en, zh string) string {
	for {
		got := s.anyPacket(quick, en, zh)
		if got != "2" {
			return got
		}
		s.send("3")
	}
}

// anyPacket reads the next packet, which must come within the limit.
func (s *socket) anyPacket(limit time.Duration, en, zh string) string {
	_ = s.conn.SetReadDeadline(time.Now().Add(limit)) // as in knock
	got, err := s.read()
	if err != nil || len(got) < 2 || got[0] != 0x81 {
		check.Fail(s, en+" Want a text frame, got %s (error %v).",
			zh+"应该来一个文本帧；得到的是 %s（错误 %v）。", check.Hex(got), err)
	}
	if got[1] < 126 {
		return string(got[2:])
	}
	return string(got[4:])
}

// says fails unless the next packet is that one.
func (s *socket) says(p check.Protocol, want, en, zh string) {
	check.Wire(s, p, []byte(plain(s.packet(en, zh))), []byte(plain(want)),
		strings.ReplaceAll(en, "%", "%%"), strings.ReplaceAll(zh, "%", "%%"))
}

func (s *socket) send(packet string) { s.write(masked(true, frame.Text, []byte(packet))) }

const overWebSocket = "/socket.io/?EIO=4&transport=websocket"

func opensWebSocket(a *attack) {
	h := a.openPacket(a.dial(overWebSocket).
		packet("A WebSocket without a sid begins a session of its own.",
			"不带 sid 的 WebSocket 开始自己的会话。"))
	if h.Upgrades == nil || len(h.Upgrades) > 0 {
		check.Fail(a,
			"Over a WebSocket there is nothing to upgrade to: upgrades is [], and was %q.",
			"已经在 WebSocket 上，没有可升级的：upgrades 应为 []，得到的是 %q。", h.Upgrades)
	}
}

func upgrades(a *attack) {
	sid := a.openPolling().SID
	held := make(chan answer, 1)
	go func() {
		got, _ := a.try("GET", polling+"&sid="+sid, "") // no answer is the zero answer
		for got.body == "2" {
			_, _ = a.try("POST", polling+"&sid="+sid, "3")
			got, _ = a.try("GET", polling+"&sid="+sid, "")
		}
		held <- got
	}()
	// the poll is on its way; if it arrives later, it is answered too
	time.Sleep(100 * time.Millisecond)
	s := a.dial(overWebSocket + "&sid=" + sid)
	s.send("2probe")
	s.says(check.EnginePacket, "3probe",
		"The client probes the WebSocket with 2probe, a ping with data. The pong repeats the data.",
		"客户端用 2probe（带数据的 ping）探测 WebSocket。pong 要重复数据。")
	select {
	case got := <-held:
		check.Value(a, "body", got.body, "6",
			"During the probe of the WebSocket, answer the held poll with a noop, 6, so "+
				"that the client can stop polling.",
			"探测 WebSocket 的时候，挂起的轮询要用 noop（6）应答，好让客户端停止轮询。")
	case <-time.After(quick):
		check.Fail(a,
			"A poll is still held after the probe: answer it with a noop, 6, "+
				"or the client never sends its 5.",
			"探测之后还有一个轮询挂着：用 noop（6）应答它，否则客户端永远不会发 5。")
	}
	s.send("5")
	var got answer
	for end := time.Now().Add(quick); got.status != 400 &&
		time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		// the 5 may still be under way
		got = a.ask("GET", polling+"&sid="+sid, "")
	}
	a.status(got, 400,
		"The client has sent 5: the session is on the WebSocket now, so refuse further polls.",
		"客户端发了 5：会话已经在 WebSocket 上，对它的轮询要拒绝。")
}

func closesSessions(a *attack) {
	sid := a.openPolling().SID
	got := a.ask("POST", polling+"&sid="+sid, "1")
	a.status(got, 200, "The client closes its session with the packet 1.",
		"客户端用数据包 1 关闭会话。")
	short := *a
	ctx, cancel := context.WithTimeout(a.ctx, quick)
	defer cancel()
	short.ctx = ctx
	// a held poll has status 0, which is also wrong
	got, _ = short.try("GET", polling+"&sid="+sid, "")
	a.status(got, 400, fmt.Sprintf("The session %s is closed: its sid must be unknown now.",
		sid), fmt.Sprintf("会话 %s 已经关闭，之后必须是未知的。", sid))
}
