// Package load puts load on a server of Socket.IO, WebSocket or server-sent events, and measures
// what its clients see.
//
// The load is an open loop: clients arrive and messages are sent at times that are drawn before the
// run, whether or not the server keeps up. A latency counts from the intended time, so a server
// that stalls is charged for every message of the stall, and not only for the one that waited.
//
//	report, err := load.Run(ctx, load.Config{URL: "http://127.0.0.1:3000", Profile: load.Publish}, nil)
package load

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/nearest"
)

// The protocols that the clients speak, see Config.As.
const (
	SocketIO        = "socketio"
	SocketIOPolling = "socketio-polling"
	WebSocket       = "websocket"
	SSE             = "sse"
)

// Protocols lists the values of Config.As.
var Protocols = []string{SocketIO, SocketIOPolling, WebSocket, SSE}

// The values of Config.Receivers: who should receive a published message.
const (
	All    = "all"    // every client, the sender included
	Others = "others" // every client but the sender
	Sender = "sender" // the sender alone, as from an echo server
)

// Receivers lists the values of Config.Receivers.
var Receivers = []string{All, Others, Sender}

// Config is a load. Zero values mean the defaults.
type Config struct {
	URL string // of the server, with http, https, ws or wss
	As  string // one of Protocols. Default websocket for ws and wss, else socketio

	// Owned permits a target that is neither this machine nor in a private network.
	Owned bool

	Profile  string        // one of Profiles. Default idle
	Clients  int           // Default 100. The profile connect has no fixed number
	Arrivals float64       // clients that connect per second. Default 200
	Ramp     time.Duration // over which Arrivals grows from zero. Default 0
	// of the measurement, after all clients had time to connect. Default 10 s
	Duration time.Duration
	Grace    time.Duration // to wait for messages that are under way at the end. Default 2 s
	Timeout  time.Duration // of one attempt to connect. Default 10 s
	Seed     uint64        // of the schedule. Default 1

	Rate      float64 // messages per second, of all clients together. Default: the profile's
	Size      int     // bytes of the text in a message. Default 64
	Receivers string  // one of Receivers. Default all
	RoomSize  int     // clients in a room, for the profile rooms. Default 10

	Stay   time.Duration // of a client, in the profile connect. Default 5 s
	Spread time.Duration // over which the clients of a storm come back. Default 0: at once
	// part of the clients that read slowly, 0 to 1. Default: the profile's
	Slow     float64
	SlowRate int     // bytes per second that a slow client reads. Default 1024
	Polling  float64 // part of the Socket.IO clients that stay on polling, 0 to 1
	// the other Socket.IO clients begin with polling, too, and upgrade to WebSocket
	Upgrade     bool
	NoReconnect bool // clients that lost their connection stay away

	Event string // of Socket.IO. Default "chat message"
	// templates of an event's arguments, or the one of a message, see template
	Messages  []string
	JoinEvent string          // with which a client asks for its room. Default "join"
	Post      string          // URL to publish at, for sse. Default /messages
	Path      string          // of Socket.IO. Default /socket.io/
	Namespace string          // of Socket.IO. Default: the path of URL
	Auth      json.RawMessage // payload of CONNECT
	EIO       int             // revision of Engine.IO: 4, or 3 for Socket.IO 2. Default 4
	Header    http.Header     // of the requests that connect
	Insecure  bool            // accept any certificate

	Fail    []string // thresholds, see ParseThreshold
	Command string   // that measures the same again, for the report

	target     *url.URL
	post       *url.URL
	profile    Profile
	thresholds []Threshold
}

// Bounds of a Config. The clients of one process share its memory and its ports.
const (
	maxClients  = 200_000
	maxMessages = 5_000_000
	maxSize     = 1 << 20
	minSize     = 32 // holds the label of a message
)

// Check returns what is wrong with a Config, without connecting to the server.
func (c Config) Check() error {
	_, err := c.complete()
	return err
}

// complete fills the defaults and checks the whole.
func (c Config) complete() (Config, error) {
	if err := c.parseTarget(); err != nil {
		return c, err
	}
	var known bool
	c.Profile = cmp.Or(c.Profile, Idle)
	if c.profile, known = findProfile(c.Profile); !known {
		return c, lang.Errorf("unknown profile %q: want %s",
			"没有方案 %q：应为 %s", c.Profile,
			strings.Join(ProfileNames(), ", "))
	}
	c.Clients, c.Arrivals = cmp.Or(c.Clients, 100), cmp.Or(c.Arrivals, c.profile.arrivals, 200)
	c.Duration, c.Grace, c.Timeout = cmp.Or(c.Duration, 10*time.Second),
		cmp.Or(c.Grace, 2*time.Second), cmp.Or(c.Timeout, 10*time.Second)
	c.Seed, c.Rate, c.Size = cmp.Or(c.Seed, 1), cmp.Or(c.Rate, c.profile.rate), cmp.Or(c.Size, 64)
	c.Receivers, c.RoomSize = cmp.Or(c.Receivers, All), cmp.Or(c.RoomSize, 10)
	c.Stay, c.Slow, c.SlowRate = cmp.Or(c.Stay, 5*time.Second), cmp.Or(c.Slow, c.profile.slow),
		cmp.Or(c.SlowRate, 1024)
	c.Event, c.JoinEvent = cmp.Or(c.Event, "chat message"), cmp.Or(c.JoinEvent, "join")
	c.EIO = cmp.Or(c.EIO, 4)
	c.Path = "/" + strings.Trim(cmp.Or(c.Path, "/socket.io/"), "/") + "/"
	if c.As == SocketIOPolling {
		c.As, c.Polling = SocketIO, 1
	}
	if err := c.parseNamespace(); err != nil {
		return c, err
	}
	if len(c.Messages) == 0 {
		c.Messages = c.defaultMessages()
	}
	return c, errors.Join(c.checkNumbers(), c.checkProtocol(), c.parseThresholds())
}

// Protocol returns the protocol of the clients: As, or its default for the URL.
func (c Config) Protocol() string {
	switch {
	case c.As != "":
		return c.As
	case strings.HasPrefix(c.URL, "ws"):
		return WebSocket
	}
	return SocketIO
}

func (c *Config) parseTarget() (err error) {
	if c.target, err = url.Parse(c.URL); err != nil {
		return lang.Errorf("%q is not a URL%s",
			"%q 不是 URL%s", c.URL, nearest.URL(c.URL))
	}
	secure, known := map[string]bool{"http": false, "ws": false, "https": true,
		"wss": true}[c.target.Scheme]
	if !known || c.target.Hostname() == "" {
		return lang.Errorf(
			"%q: want http://, https://, ws:// or wss:// and a host%s",
			"%q：应为 http://、https://、ws:// 或 wss:// 加主机名%s", c.URL, nearest.URL(c.URL))
	}
	if c.target.User != nil {
		return lang.Errorf(
			"the URL has a name or password, which are not sent: take --header 'Authorization: …'",
			"URL 里的用户名和密码不会发送：请用 --header 'Authorization: …'")
	}
	c.As = c.Protocol()
	if !slices.Contains(Protocols, c.As) {
		return lang.Errorf("unknown protocol %q: want %s",
			"没有协议 %q：应为 %s", c.As, strings.Join(Protocols, ", "))
	}
	c.target.Scheme = "http"
	if secure {
		c.target.Scheme = "https"
	}
	if c.target.Path == "" {
		c.target.Path = "/"
	}
	c.post, err = c.target.Parse(cmp.Or(c.Post, "/messages"))
	if err != nil {
		return lang.Errorf("%q: not a URL to publish at",
			"%q：不是可以发布消息的 URL", c.Post)
	}
	return nil
}

// parseNamespace sets the namespace of Socket.IO and the path of the target to the same: the one of
// Namespace, else the path of the URL, as in the official client.
func (c *Config) parseNamespace() error {
	inURL := c.target.Path
	switch {
	case c.As != SocketIO:
		return nil
	case c.Namespace == "":
		c.Namespace = inURL
	case c.Namespace[0] != '/':
		return lang.Errorf("namespace %q: want a slash before the name",
			"命名空间 %q：名字前应有斜杠", c.Namespace)
	case inURL != "/" && inURL != c.Namespace:
		return lang.Errorf(
			"the path of the URL names the namespace %s, and --namespace "+
				"names %s: leave one of them out",
			"URL 的路径给出命名空间 %s，而 --namespace 给出 %s：请去掉一个",
			inURL, c.Namespace)
	}
	c.target.Path, c.target.RawPath = c.Namespace, ""
	return nil
}

func (c *Config) checkNumbers() error {
	var all []error
	refuse := func(bad bool, en, zh string, args ...any) {
		if bad {
			all = append(all, lang.Errorf(en, zh, args...))
		}
	}
	refuse(c.Clients < 1 || c.Clients > maxClients,
		"clients %d: want 1 to %d", "clients %d：应为 1 到 %d", c.Clients, maxClients)
	refuse(!(c.Arrivals > 0 && c.Arrivals <= 100_000),
		"%g arrivals per second: want more than 0 and at most 100000",
		"arrivals %g：应大于 0，最多每秒 100000", c.Arrivals)
	refuse(!(c.Rate >= 0 && c.Rate <= 1e6),
		"rate %g: want 0 to 1000000 messages per second",
		"rate %g：应为每秒 0 到 1000000 条消息", c.Rate)
	refuse(c.profile.publishes() && c.Rate == 0,
		"rate 0: the profile %s sends messages", "rate 0：方案 %s 要发送消息", c.Profile)
	refuse(c.Rate > 0 && c.profile.Name == Connect,
		"the profile connect sends no messages: leave the rate out",
		"方案 connect 不发送消息：请去掉 rate")
	refuse(c.Size < minSize || c.Size > maxSize,
		"size %d: want %d to %d bytes", "size %d：应为 %d 到 %d 字节", c.Size, minSize, maxSize)
	refuse(c.Duration < 100*time.Millisecond || c.Duration > 24*time.Hour,
		"duration %s: want 100ms to 24h", "duration %s：应为 100ms 到 24h", c.Duration)
	refuse(c.Ramp < 0 || c.Ramp > time.Hour, "ramp %s: want 0 to 1h",
		"ramp %s：应为 0 到 1h", c.Ramp)
	refuse(c.Grace < 0 || c.Grace > time.Minute,
		"grace %s: want 0 to 1m", "grace %s：应为 0 到 1m", c.Grace)
	refuse(c.Timeout < 10*time.Millisecond || c.Timeout > 5*time.Minute,
		"timeout %s: want 10ms to 5m", "timeout %s：应为 10ms 到 5m", c.Timeout)
	refuse(c.Spread < 0 || c.Spread > c.Duration,
		"spread %s: want 0 to the duration", "spread %s：应为 0 到 duration", c.Spread)
	refuse(c.Stay <= 0 || c.Stay > 24*time.Hour,
		"stay %s: want more than 0", "stay %s：应大于 0", c.Stay)
	refuse(c.RoomSize < 1, "room size %d: want 1 or more", "room-size %d：应不小于 1", c.RoomSize)
	refuse(c.SlowRate < 1,
		"slow rate %d: want 1 byte per second or more", "slow-rate %d：应不小于每秒 1 字节",
		c.SlowRate)
	refuse(!(c.Slow >= 0 && c.Slow <= 1), "slow %g: want 0 to 1", "slow %g：应为 0 到 1", c.Slow)
	refuse(!(c.Polling >= 0 && c.Polling <= 1),
		"polling %g: want 0 to 1", "polling %g：应为 0 到 1", c.Polling)
	refuse(!slices.Contains(Receivers, c.Receivers),
		"unknown receivers %q: want %s",
		"没有接收者 %q：应为 %s", c.Receivers, strings.Join(Receivers, ", "))
	messages, ramp := c.Rate*c.Duration.Seconds(), c.rampTime()
	refuse(messages > maxMessages,
		"%.0f messages in one run: want at most %d", "一轮 %.0f 条消息：最多 %d 条", messages,
		maxMessages)
	refuse(ramp > time.Hour,
		"%s at %g per second need %s to connect: want at most 1h",
		"%d 个客户端、每秒 %g 个，连接要 %s：最多 1h", lang.Counted(c.Clients, "client"), c.Arrivals, ramp)
	atOnce := c.Arrivals * min(c.Stay, c.Duration).Seconds()
	refuse(c.Profile == Connect && atOnce > maxClients,
		"%.0f clients at a time: want at most %d", "同时 %.0f 个客户端：最多 %d 个", atOnce,
		maxClients)
	return errors.Join(all...)
}

func (c *Config) checkProtocol() error {
	var all []error
	socketIO := c.As == SocketIO
	if c.Polling > 0 && !socketIO {
		all = append(all, lang.Errorf("--as %s has no polling",
			"--as %s 没有轮询", c.As))
	}
	if c.EIO != 3 && c.EIO != 4 {
		all = append(all, lang.Errorf("EIO %d: want 4, or 3 for Socket.IO 2",
			"EIO %d：应为 4；Socket.IO 2 用 3", c.EIO))
	}
	if c.Upgrade && !socketIO {
		all = append(all, lang.Errorf("--as %s has no upgrade from polling",
			"--as %s 没有从轮询开始的升级", c.As))
	}
	if c.EIO == 3 && (c.Polling > 0 || c.Upgrade) {
		all = append(all,
			lang.Errorf("EIO 3 is spoken over WebSocket only: leave polling and the upgrade out",
				"EIO 3 只用于 WebSocket：请去掉轮询和升级"))
	}
	if c.profile.acks && !socketIO {
		all = append(all,
			lang.Errorf("%s has no acknowledgements: for an echo server, take the profile publish "+
				"with --receivers sender",
				"%s 没有回执：回显服务器请用方案 publish 加 --receivers sender", c.As))
	}
	if c.profile.rooms && !socketIO {
		all = append(all, lang.Errorf("%s has no rooms: take the profile publish",
			"%s 没有房间：请用方案 publish", c.As))
	}
	if c.Slow > 0 && (c.Polling > 0 || c.As == SSE) {
		all = append(all, lang.Errorf("slow readers are measured over WebSocket only",
			"慢客户端只在 WebSocket 上测量"))
	}
	if !socketIO && c.Namespace != "" {
		all = append(all, lang.Errorf("--as %s has no namespaces",
			"--as %s 没有命名空间", c.As))
	}
	if !socketIO && len(c.Auth) > 0 {
		all = append(all, lang.Errorf("--as %s has no handshake for auth: take a header",
			"--as %s 的握手不带 auth：请用 --header", c.As))
	}
	if len(c.Auth) > 0 && !json.Valid(c.Auth) {
		all = append(all, lang.Errorf("auth %s: want JSON",
			"auth %s：应为 JSON", c.Auth))
	}
	if !socketIO && len(c.Messages) > 1 {
		all = append(all,
			lang.Errorf("%s takes one message: only a Socket.IO event has several arguments",
				"%s 只带一个 --message：只有 Socket.IO 的事件才有多个参数", c.As))
	}
	for _, m := range c.Messages {
		if socketIO && !json.Valid([]byte(m)) {
			all = append(all,
				lang.Errorf("message %s: want JSON, such as \"{{id}}\" with its quotes",
					"message %s：应为 JSON，例如带引号的 \"{{id}}\"", m))
		}
	}
	if n := strings.Count(strings.Join(c.Messages, ""), labelField); c.sends() && n != 1 {
		all = append(all,
			lang.Errorf("the message has %d %s: it needs one, from which a client "+
				"knows which message it received",
				"消息里有 %d 个 %s：需要恰好一个，客户端据此知道收到的是哪条消息", n, labelField))
	}
	return errors.Join(all...)
}

func (c *Config) parseThresholds() error {
	var all []error
	for _, text := range c.Fail {
		t, err := ParseThreshold(text)
		if err == nil {
			err = t.suits(c)
		}
		all, c.thresholds = append(all, err), append(c.thresholds, t)
	}
	return errors.Join(all...)
}

// sends reports whether messages are sent in the run.
func (c *Config) sends() bool { return c.Rate > 0 }

// rampTime returns the time until the last client arrives.
func (c *Config) rampTime() time.Duration {
	if c.Profile == Connect {
		return 0
	}
	return c.arrival(c.Clients - 1)
}

// arrival returns when a client arrives, from the start. The rate grows linearly over Ramp, and
// stays.
func (c *Config) arrival(client int) time.Duration {
	n, ramp := float64(client), c.Ramp.Seconds()
	during := c.Arrivals * ramp / 2
	if n < during { // n = Arrivals·t²/(2·ramp)
		return seconds(math.Sqrt(2 * n * ramp / c.Arrivals))
	}
	return seconds(ramp + (n-during)/c.Arrivals)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
