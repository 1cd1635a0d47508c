package blackbox

import (
	"time"

	"realtimelab/internal/exercise/check"
)

// beat is the longest heartbeat that the attack waits for, in milliseconds.
const beat = 1000

// beats keeps one session over each transport: it answers some pings and then stops.
func beats(a *attack) {
	polled := a.openPolling()
	s := a.dial(overWebSocket)
	h := a.openPacket(s.packet("A WebSocket without a sid begins a session of its own.",
		"不带 sid 的 WebSocket 开始自己的会话。"))
	for _, open := range []handshake{polled, h} {
		if open.PingInterval > beat || open.PingTimeout > beat {
			check.Fail(a,
				"The open packet announces a pingInterval of %d ms and a pingTimeout of %d ms. "+
					"Make it 300 and 1000 in this exercise, so that the heartbeat can be seen.",
				"open 数据包里的 pingInterval 是 %d 毫秒，pingTimeout 是 %d 毫秒。在这个练习里请用 "+
					"300 和 1000，好让心跳看得见。", open.PingInterval, open.PingTimeout)
		}
	}
	path := polling + "&sid=" + polled.SID
	interval, timeout := time.Duration(h.PingInterval)*time.Millisecond,
		time.Duration(h.PingTimeout)*time.Millisecond
	// pings until a server that hears no pong would have given up
	enough := int((interval+timeout)/interval) + 1
	for n := range enough {
		en, zh := "Nothing else was sent, and the session is older than "+
			"pingInterval: the server must send a ping, 2.",
			"没有别的话，会话已经超过 pingInterval：服务器要发 ping，也就是 2。"
		if n > 0 {
			en, zh = "The client has answered every ping so far with a pong, 3, so the session "+
				"is alive: the server must send the next ping.",
				"到目前为止，客户端每个 ping 都用 pong（3）应答了：会话还活着，下一个 ping 要来。"
		}
		overSocket := s.anyPacket(interval+quick, en, zh)
		check.Wire(a, check.EnginePacket, []byte(overSocket), []byte("2"),
			en+" This was over a WebSocket.", zh+"这是走 WebSocket 的会话。")
		got := a.ask("GET", path, "")
		check.Wire(a, check.EnginePacket, []byte(got.body), []byte("2"),
			en+" This was over polling, and the GET is held until then.",
			zh+"这是走轮询的会话，GET 要挂到那时候。")
		s.send("3")
		a.ask("POST", path, "3")
	}
	silent := time.Now()
	if s.livesOn(silent.Add(interval + timeout + quick)) {
		check.Fail(a,
			"The client no longer answers pings. %d ms after the ping (pingTimeout) the session "+
				"over a WebSocket must be closed, but it is still open.",
			"客户端不再应答 ping。ping 之后 %d 毫秒（pingTimeout）走 "+
				"WebSocket 的会话就要关闭，可它还开着。", h.PingTimeout)
	}
	var got answer
	for end := silent.Add(interval + timeout + quick); got.status != 400 &&
		time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		// it may still be in time
		got, _ = a.try("GET", path, "") // no response fails too
	}
	a.status(got, 400,
		"The client no longer answers pings. After pingTimeout the session over polling must be "+
			"closed, and its sid unknown.",
		"客户端不再应答 ping。过了 pingTimeout，走轮询的会话也要关闭，它的 sid 就是未知的。")
}

// livesOn reports whether the connection is still open at the deadline.
func (s *socket) livesOn(deadline time.Time) bool {
	_ = s.conn.SetReadDeadline(deadline) // as in knock
	for {
		got, err := s.read()
		if err != nil {
			return isTimeout(err)
		}
		if got[0] == 0x88 {
			return false
		}
	}
}
