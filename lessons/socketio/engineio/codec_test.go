package engineio

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pollingV3 = "EIO=3&transport=polling"

// openV3 opens a session with more in the query, and returns the query of its
// requests.
func (l *lab) openV3(more string) (query string) {
	_, body := l.do("GET", pollingV3+more, "")
	match := regexp.MustCompile(`sid\\?":\\?"([\w-]+)`).FindStringSubmatch(body)
	require.Len(l, match, 2, body)
	return pollingV3 + more + "&sid=" + match[1]
}

func TestAllowEIO3Handshake(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	for _, query := range []string{pollingV3, "transport=polling"} {
		_, body := l.do("GET", query, "")
		assert.Regexp(t,
			`^120:0\{"sid":"[\w-]{22}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$`, body)
	}
	sid := strings.Split(l.openV3(""), "sid=")[1]
	assert.Equal(t, 3, l.server.session(sid).Protocol())
	assert.Equal(t, 4, l.server.session(l.open()).Protocol(), "others are let in as before")
	_, body := l.get(sid)
	assert.Equal(t, `{"code":3,"message":"Bad request"}`, body, "a session stays with its revision")
}

func TestAllowEIO3OverPolling(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	query := l.openV3("")
	_, body := l.do("POST", query, "4:4🙂x1:26:b4AQID")
	assert.Equal(t, "ok", body)
	res, body := l.ask("GET", query, "")
	assert.Equal(t, "application/octet-stream", res.Header.Get("Content-Type"))
	assert.Equal(t, "\x00\x06\xff4🙂x\x00\x01\xff3\x01\x04\xff\x04\x01\x02\x03", body)

	res, body = l.ask("POST", query, "\x00\x06\xff4🙂x\x01\x04\xff\x04\x01\x02\x03", "Content-Type",
		"application/octet-stream")
	assert.Equal(t, "ok", body)
	assert.Equal(t, 200, res.StatusCode)
	l.do("GET", query, "")

	query = l.openV3("&b64=1")
	l.do("POST", query, "6:b4AQID4:4🙂x")
	res, body = l.ask("GET", query, "")
	assert.Equal(t, "text/plain; charset=UTF-8", res.Header.Get("Content-Type"))
	assert.Equal(t, "6:b4AQID4:4🙂x", body)
	l.do("POST", query, "1:1")
	l.endsWith(TransportClose)

	query = l.openV3("")
	_, body = l.do("POST", query, "4hello")
	assert.Equal(t, "ok", body)
	l.endsWith(ParseError)
}

func TestAPayloadThatIsNotUTF8(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	for _, c := range []struct{ query, body, want string }{
		{overPolling + "&sid=" + l.open(), "4a\xff\x1e4\xed\xa0\x80",
			"4a\ufffd\x1e4\ufffd\ufffd\ufffd"},
		{l.openV3(""), "3:4a\xff", "3:4a\ufffd"},
		{l.openV3("&j=0"), "d=2:4%ff", `___eio[0]("2:4` + "\ufffd" + `");`},
	} {
		l.do("POST", c.query, c.body)
		_, answer := l.do("GET", c.query, "")
		assert.Equal(t, c.want, answer, c.query)
	}
	l.ask("POST", l.openV3(""), "\x00\x02\xff4\xff", "Content-Type", "application/octet-stream")
	l.endsWith(ParseError)
}

func TestABinaryPayloadIsOfThatTypeToTheLetter(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	for query, body := range map[string]string{l.openV3(""): "2:4a",
		overPolling + "&sid=" + l.open(): "4a"} {
		l.ask("POST", query, body, "Content-Type", "application/octet-stream; charset=utf-8")
		_, answer := l.do("GET", query, "")
		assert.Equal(t, body, answer)
	}
}

func TestAllowEIO3OverWebSocket(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	for query, binary := range map[string]struct {
		kind int
		data string
	}{
		"EIO=3&transport=websocket":       {websocket.BinaryMessage, "\x04\x01\x02\x03"},
		"EIO=3&transport=websocket&b64=1": {websocket.TextMessage, "b4AQID"},
	} {
		conn := l.dial(query)
		assert.Regexp(t, `^0\{`, l.read(conn))
		l.write(conn, "4a", "2")
		assert.Equal(t, "4a", l.read(conn))
		assert.Equal(t, "3", l.read(conn))
		require.NoError(t, conn.WriteMessage(binary.kind, []byte(binary.data)))
		kind, data, err := conn.ReadMessage()
		require.NoError(t, err)
		assert.Equal(t, binary.kind, kind)
		assert.Equal(t, binary.data, string(data))
		require.NoError(t, conn.WriteMessage(websocket.BinaryMessage, nil))
		l.endsWith(ParseError)
	}
}

func TestBinaryMessagesAsTextOverWebSocket(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{Threshold: 1}})
	for query, want := range map[string]int{overWebSocket: websocket.BinaryMessage,
		overWebSocket + "&b64=1": websocket.TextMessage} {
		conn := l.dial(query)
		l.read(conn)
		require.NoError(t, conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}))
		kind, data, err := conn.ReadMessage()
		require.NoError(t, err)
		assert.Equal(t, want, kind, query)
		assert.Equal(t, map[int]string{websocket.BinaryMessage: "\x01\x02\x03",
			websocket.TextMessage: "bAQID"}[want], string(data))
	}
}

func TestAllowEIO3Upgrade(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	query := l.openV3("")
	sid := strings.Split(query, "sid=")[1]
	answer := make(chan string)
	go func() { _, body := l.do("GET", query, ""); answer <- body }()
	l.waitForPoll(sid)
	conn := l.dial("EIO=3&transport=websocket&sid=" + sid)
	l.write(conn, "2probe")
	assert.Equal(t, "3probe", l.read(conn))
	assert.Equal(t, "1:6", <-answer)
	l.write(conn, "5", "4a")
	assert.Equal(t, "4a", l.read(conn))
}

func TestAllowEIO3Heartbeat(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	conn := l.dial("EIO=3&transport=websocket")
	l.read(conn)
	for range 3 {
		l.write(conn, "2")
		assert.Equal(t, "3", l.read(conn), "the client pings")
	}
	l.write(conn, "3")
	l.endsWith(TransportError)

	l = newLab(t, Config{AllowEIO3: true, PingInterval: 20 * time.Millisecond,
		PingTimeout: 80 * time.Millisecond})
	start := time.Now()
	conn = l.dial("EIO=3&transport=websocket")
	l.read(conn)
	l.endsWith(PingTimeout)
	assert.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond,
		"after the interval and the timeout")
}

func TestJSONP(t *testing.T) {
	l := newLab(t, Config{AllowEIO3: true})
	query := l.openV3("&j=7<script>1")
	for _, c := range []struct{ sent, want string }{
		{"3:4a\"", `___eio[71]("3:4a\"");`},
		{"4:4\u2028</", `___eio[71]("4:4\u2028\u003c/");`},
		{`6:4a\nb\\n`, `___eio[71]("6:4a\nb\\n");`},
	} {
		_, body := l.do("POST", query, url.Values{"d": {c.sent}}.Encode())
		assert.Equal(t, "ok", body)
		_, body = l.do("GET", query, "")
		assert.Equal(t, c.want, body)
	}
	_, body := l.do("POST", query, "nothing=here")
	assert.Equal(t, "ok", body)
	assert.Equal(t, 1, l.server.Len())

	_, body = l.do("GET", overPolling+"&j=0", "")
	assert.Regexp(t, `^___eio\[0\]\("0\{.*\}"\);$`, body, "of revision 4 too")
}
