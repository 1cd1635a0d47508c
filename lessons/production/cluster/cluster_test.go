package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = host.NewKey()

// running is the demo as the lab runs it.
type running struct {
	*testing.T
	*demo
	url  string
	host *host.Running
}

// run starts the demo in the lab.
func run(t *testing.T, options map[string]string) running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := running{T: t, url: "http://" + l.Addr().String()}
	demo := Demo()
	demo.Start = func(env lesson.Env) (_ *lesson.Instance, err error) {
		if r.demo, err = open(env); err != nil {
			return nil, err
		}
		r.demo.pace = 50 * time.Millisecond
		return r.demo.instance(), nil
	}
	page := fstest.MapFS{"pages/cluster/index.html": {Data: []byte("<!doctype html>")},
		"shared/lab.js": {Data: []byte("")}}
	r.host, err = host.Start(host.Config{Demo: demo, Listener: l, Web: page, Key: key,
		Options: options, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		assert.NoError(t, r.host.Close(ctx))
	})
	return r
}

// post asks for a change, with the key.
func (r running) post(change string) {
	r.Helper()
	status, text := r.try(change, key.Bearer())
	require.Equal(r, http.StatusNoContent, status, text)
}

func (r running) try(change, bearer string) (status int, text string) {
	r.Helper()
	req, err := http.NewRequest("POST", r.url+path, strings.NewReader(change))
	require.NoError(r, err)
	req.Header.Set("Authorization", bearer)
	res, err := http.DefaultClient.Do(req)
	require.NoError(r, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(r, err)
	http.DefaultClient.CloseIdleConnections()
	return res.StatusCode, string(body)
}

// until waits for a condition.
func (r running) until(condition func() bool, what string, args ...any) {
	r.Helper()
	require.Eventually(r, condition, time.Minute, 10*time.Millisecond,
		append([]any{what}, args...)...)
}

// settled waits until no operation runs, all guests are connected, and every server is up.
func (r running) settled() {
	r.Helper()
	r.until(func() bool {
		v := r.view("", true)
		sum := 0
		for _, s := range v.Servers {
			if s.Status != statusUp {
				return false
			}
			sum += s.Clients
		}
		return v.Busy == "" && sum >= v.State.Crowd
	}, "the servers settle")
}

// connect connects a client with a cookie jar, through the demo's own listener.
func (r running) connect(transports ...string) (*sioclient.Socket, error) {
	jar, err := cookiejar.New(nil)
	require.NoError(r, err)
	s, err := sioclient.New(r.url, sioclient.Config{
		Transports: transports, NoUpgrade: true, Jar: jar, Log: quiet,
		ReconnectionDelay: 50 * time.Millisecond, NoReconnect: true,
	})
	require.NoError(r, err)
	r.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s, s.Connect(ctx)
}

// say broadcasts a message and returns its trace once it has reached so many clients.
func (r running) say(s *sioclient.Socket, reached int) trace {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	id, err := sioclient.Ask[string](ctx, s, "say", "hello")
	require.NoError(r, err)
	var last trace
	r.until(func() bool {
		last = *r.traces.last()
		sum := 0
		for _, n := range last.Delivered {
			sum += n
		}
		return last.ID == id && sum >= reached
	}, "the message reaches %d clients: %+v", reached, &last)
	return last
}

func (r running) clientsOf() (all []int) {
	for _, s := range r.servers {
		all = append(all, s.clients())
	}
	return all
}

func TestABroadcastReachesAllServersOrOne(t *testing.T) {
	r := run(t, nil)
	r.settled()
	assert.Equal(t, []int{3, 3, 3}, r.clientsOf(), "the balancer takes turns")
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	heard := make(chan message, 9)
	me.On("message", func(m message) { heard <- m })

	last := r.say(me, 10)
	assert.Equal(t, 10, last.Room)
	assert.Equal(t, "PUBLISH", last.Published)
	assert.Equal(t, "socket.io#/#", last.Channel)
	assert.Equal(t, 3, last.Listeners)
	assert.Len(t, last.Delivered, 3)
	assert.Equal(t, message{ID: last.ID, Server: last.Server, Text: "hello"}, <-heard)

	r.post(`{"adapter":"off"}`)
	r.settled()
	me, err = r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	own := r.server(nameOf(t, me)).clients()
	last = r.say(me, own)
	assert.Equal(t, map[string]int{last.Server: own}, last.Delivered)
	assert.Equal(t, 10, last.Room)
	assert.Empty(t, last.Published)
}

// nameOf returns the server that a new client has. The server says it when the client says
// something.
func nameOf(t *testing.T, s *sioclient.Socket) string {
	heard := make(chan string, 1)
	off := s.On("message", func(m message) {
		select {
		case heard <- m.Server:
		default:
		}
	})
	defer off()
	require.NoError(t, s.Emit("say", "where am I?"))
	name := <-heard
	time.Sleep(sayEvery) // the next message is not too fast
	return name
}

func TestPollingNeedsStickiness(t *testing.T) {
	r := run(t, nil)
	r.settled()
	for _, sticky := range []string{byCookie, byAddress} {
		r.post(`{"sticky":"` + sticky + `"}`)
		s, err := r.connect(sioclient.Polling)
		require.NoError(t, err, sticky)
		s.Close()
	}
	r.post(`{"sticky":"off"}`)
	_, err := r.connect(sioclient.Polling)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "Session ID unknown")
	unknown := int64(0)
	for _, s := range r.view("", false).Servers {
		unknown += s.Unknown
	}
	assert.NotZero(t, unknown)
	_, err = r.connect(sioclient.WebSocket)
	assert.NoError(t, err, "one connection is one request")
}

// TestTheCookieNamesTheServer: the balancer's cookie leads back to the server, and elsewhere once
// it is down.
func TestTheCookieNamesTheServer(t *testing.T) {
	r := run(t, map[string]string{"servers": "2"})
	r.settled()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, Transport: &http.Transport{}}
	defer browser.CloseIdleConnections()
	visit := func() *http.Response {
		res, err := browser.Get(r.url + "/socket.io/?EIO=4&transport=polling")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res
	}
	first := visit().Cookies()
	require.Len(t, first, 1)
	assert.True(t, first[0].HttpOnly)
	for range 3 {
		assert.Empty(t, visit().Cookies(), "the cookie stays")
	}
	r.post(`{"down":"` + first[0].Value + `"}`)
	r.until(func() bool {
		return r.server(first[0].Value).status() == statusDown
	}, "the server is down")
	second := visit().Cookies()
	require.Len(t, second, 1)
	assert.NotEqual(t, first[0].Value, second[0].Value)
	r.until(func() bool { return r.view("", false).Busy == "" }, "the crash is over")
	r.post(`{"up":"` + first[0].Value + `"}`)
	r.settled()
	assert.Empty(t, visit().Cookies(), "the client stays where it is")
}

func TestNearestSpreadsAndStays(t *testing.T) {
	var servers []*server
	for _, name := range []string{"A", "B", "C"} {
		servers = append(servers, &server{name: name, is: statusUp})
	}
	r, err := http.NewRequest("GET", "http://lab/socket.io/", nil)
	require.NoError(t, err)
	where := func(i int) string { return nearest(servers, fmt.Sprintf("192.0.2.%d", i), r).name }
	count, before := map[string]int{}, map[int]string{}
	for i := range 250 {
		before[i] = where(i)
		count[before[i]]++
	}
	for name, n := range count {
		assert.Greater(t, n, 50, name)
	}
	servers[1].is = statusDown
	for i := range 250 {
		if before[i] != "B" {
			assert.Equal(t, before[i], where(i), "only the clients of the server that went move")
		} else {
			assert.NotEqual(t, "B", where(i))
		}
	}
	servers[0].is, servers[2].is = statusDown, statusDown
	assert.Nil(t, nearest(servers, "192.0.2.1", r))
}

func TestARollingRestartWithoutRecoveryLoses(t *testing.T) {
	r := run(t, nil)
	r.settled()
	r.until(func() bool { return r.account().AtOnce > 9 }, "the server counts")
	r.post(`{"count":true}`)
	var counted account
	for range 20 { // a client that is quick and lucky misses none
		r.post(`{"roll":true}`)
		status, text := r.try(`{"recovery":true}`, key.Bearer())
		assert.Equal(t, http.StatusConflict, status, text)
		r.settled()
		r.until(func() bool { return r.allHear() }, "everybody hears the numbers again")
		if counted = r.account(); counted.Lost > 0 {
			break
		}
	}
	assert.NotZero(t, counted.Lost)
	assert.Zero(t, counted.Recovered)
	assert.Zero(t, counted.Twice)
}

func TestACrashedServersClientsMove(t *testing.T) {
	r := run(t, nil)
	r.settled()
	r.post(`{"down":"B"}`)
	r.until(func() bool {
		return r.servers[1].status() == statusDown && r.clients() == 9
	}, "its clients connect to the others")
	assert.Zero(t, r.servers[1].clients())
	r.until(func() bool { return r.view("", false).Busy == "" }, "the crash is over")
	r.post(`{"up":"B"}`)
	r.settled()
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	r.say(me, 10)
}

func TestWithoutAnyServer(t *testing.T) {
	r := run(t, map[string]string{"servers": "1"})
	r.settled()
	r.post(`{"down":"A"}`)
	r.until(func() bool {
		return r.view("", false).Busy == "" && r.servers[0].status() == statusDown
	}, "the server is down")
	res, err := http.Get(r.url + "/socket.io/?EIO=4&transport=polling")
	require.NoError(t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	assert.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	assert.Equal(t, "1", res.Header.Get("Retry-After"))
}

func TestRedisStopsAndComesBack(t *testing.T) {
	r := run(t, nil)
	r.settled()
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	r.say(me, 10)
	r.post(`{"redis":false}`)
	time.Sleep(sayEvery)
	last := r.say(me, 1)
	r.until(func() bool { return r.traces.last().Failed }, "the server does not reach Redis")
	assert.Less(t, len(last.Delivered), 3)
	r.post(`{"redis":true}`)
	r.until(func() bool {
		time.Sleep(sayEvery)
		last := r.say(me, 1)
		return r.delivered(last.ID) == 10
	}, "the servers are one cluster again")
}

// delivered returns how many clients a message has reached, after a moment.
func (r running) delivered(id string) int {
	deadline := time.Now().Add(300 * time.Millisecond)
	for {
		sum := 0
		if last := r.traces.last(); last.ID == id {
			for _, n := range last.Delivered {
				sum += n
			}
		}
		if sum == 10 || time.Now().After(deadline) {
			return sum
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestSwitchesNeedTheKeyAndSense(t *testing.T) {
	r := run(t, map[string]string{"servers": "1"})
	status, text := r.try(`{"sticky":"off"}`, "Bearer nothing")
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, text, "with the key")
	for change, want := range map[string]string{
		`{"sticky":"x"}`: "want off, cookie or address", `{"adapter":"x"}`: "want one of",
		`{"crowd":1000}`: "0 to 60",
		`{"crowd":-1}`:   "0 to 60", `{"down":"Z"}`: `no server "Z"`, `{"up":"Z"}`: `no server "Z"`,
		`{`: "EOF", `[]`: "cannot",
	} {
		status, text := r.try(change, key.Bearer())
		assert.Equal(t, http.StatusBadRequest, status, change)
		assert.Contains(t, text, want, change)
	}
	r.post(`{"crowd":2}`)
	r.until(func() bool { return r.clients() == 2 }, "two guests stay")
	r.post(`{"crowd":5}`)
	r.until(func() bool { return r.clients() == 5 }, "three more come")
}

func TestOptions(t *testing.T) {
	d := Demo()
	for given, want := range map[[2]string]string{
		{"servers", "0"}: "--servers", {"servers", "7"}: "1 to 6",
		{"servers", "x"}:            "want a number",
		{"redis", "127.0.0.1:6379"}: "want a URL such as redis://",
		{"redis", "unix:///x"}:      "a host and a port",
	} {
		_, err := d.Settings(map[string]string{given[0]: given[1]})
		require.Error(t, err, "%v", given)
		assert.Contains(t, err.Error(), want)
	}
	settings, err := d.Settings(nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"servers": "3", "redis": ""}, settings)
	_, err = start(lesson.Env{})
	assert.ErrorContains(t, err, "lab run")
}

func TestARedisThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	mine, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer mine.Close()
	_, err = host.Start(host.Config{
		Demo: Demo(), Listener: mine, Web: fstest.MapFS{}, Key: key,
		Options: map[string]string{"redis": "redis://" + l.Addr().String()},
		Log:     slog.New(slog.DiscardHandler),
	})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "cannot reach the Redis at "+l.Addr().String())
}

func TestTally(t *testing.T) {
	var c tally
	for _, n := range []int{7, 8, 10} {
		c.take(n, false)
	}
	assert.Equal(t, account{AtOnce: 3, Lost: 1}, c.account())
	c.take(9, true)
	assert.Equal(t, account{AtOnce: 3, Recovered: 1}, c.account(),
		"what arrives after all is not lost")
	c.take(9, true)
	c.take(10, false)
	assert.Equal(t, account{AtOnce: 3, Recovered: 1, Twice: 2}, c.account())
	c.reset(12) // the client is away, and has missed 11 and 12
	c.take(12, true)
	c.take(14, false)
	assert.Equal(t, account{AtOnce: 1, Lost: 1}, c.account())

	var late tally
	late.reset(12)
	late.take(15, false)
	assert.Equal(t, account{AtOnce: 1}, late.account(), "the first number of a client")
}

// TestTooManyMessages: a client that sends too much gets an error, and the others are not affected.
func TestTooManyMessages(t *testing.T) {
	r := run(t, map[string]string{"servers": "1"})
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	var fast atomic.Int32
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		answer, err := sioclient.Ask[string](ctx, me, "say", strings.Repeat("长", 1000))
		cancel()
		require.NoError(t, err)
		if answer == "too fast" {
			fast.Add(1)
		}
	}
	assert.NotZero(t, fast.Load())
	assert.Len(t, []rune(clip(strings.Repeat("长", 1000))), maxText)
}
