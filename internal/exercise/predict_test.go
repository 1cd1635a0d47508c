package exercise_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/predict"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/lessons/socketio/engineio"
)

// TestPredictions: the starter fails, the solution passes, each wrong answer gets its own
// explanation.
func TestPredictions(t *testing.T) {
	all := catalogue(t)
	for _, e := range all {
		if e.Kind != exercise.Predict {
			continue
		}
		for _, v := range variants(t, e) {
			t.Run(e.Name+"/"+v.name, func(t *testing.T) {
				r, err := predict.Check(e, string(v.files[exercise.AnswerFile]), func(string) int {
					return 0
				})
				require.NoError(t, err)
				v.judge(t, r)
			})
		}
	}
}

// prediction returns an exercise to predict, and the right answers.
func prediction(t *testing.T, name string) (exercise.Exercise, map[string]string) {
	for _, e := range catalogue(t) {
		if e.Name == name {
			solution, err := e.Solution()
			require.NoError(t, err)
			return e, predict.Answers(string(solution[exercise.AnswerFile]))
		}
	}
	t.Fatalf("no exercise %s", name)
	return exercise.Exercise{}, nil
}

// TestReveal: the right values of a slot are shown with its third wrong answer, not before.
func TestReveal(t *testing.T) {
	e, right := prediction(t, "predict-frames")
	wrong := maps.Clone(right)
	wrong["pong"] = "8a 00"
	for before, revealed := range []bool{false, false, true, true} {
		r, err := predict.CheckAnswers(e, wrong, func(slot string) int {
			return map[string]int{"pong": before, "hello": 9}[slot]
		})
		require.NoError(t, err)
		require.NotNil(t, r.Problem)
		assert.Equal(t, "pong", r.Problem.Slot)
		assert.True(t, r.Problem.Counts)
		assert.Contains(t, r.Problem.Text.EN, "the pong must carry the bytes of the ping")
		assert.Equal(t, revealed, r.Problem.Answer == right["pong"], "after %d", before)
		said, err := json.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, revealed, strings.Contains(string(said), "68 69"), "%s", said)
		shown := r.Render(lang.English, exercise.Style{})
		assert.Equal(t, revealed, strings.Contains(shown, "68 69"), shown)
		assert.Contains(t, shown, "yours", "the field that differs is named")
	}
	for _, answer := range []string{"", "8a 0"} { // nothing to learn from
		wrong["pong"] = answer
		r, err := predict.CheckAnswers(e, wrong, func(string) int { return 9 })
		require.NoError(t, err)
		assert.False(t, r.Problem.Counts)
		assert.Empty(t, r.Problem.Answer)
	}
}

// TestAccepted: ways to write an answer that mean the same bytes.
func TestAccepted(t *testing.T) {
	frames, right := prediction(t, "predict-frames")
	poll, polled := prediction(t, "predict-poll")
	packets, sent := prediction(t, "predict-packets")
	for _, test := range []struct {
		e      exercise.Exercise
		right  map[string]string
		slot   string
		answer string
		passed bool
	}{
		{frames, right, "pong", "8A026869", true},
		{frames, right, "pong", "0x8a 0x02, 0x68,0x69", true},
		{frames, right, "pong", "0X8a02\r\n 68\t69\n", true},
		{frames, right, "pong", "\ufeff8a 02 68 69", true},
		{frames, right, "pong", "8a 02 69 68", false},
		{poll, polled, "body", "\ufeff" + polled["body"], true},
		{poll, polled, "body", strings.ReplaceAll(polled["body"], `":`, `" : `), true},
		{poll, polled, "body", strings.ReplaceAll(polled["body"], "bob", "ann"), false},
		{poll, polled, "body", polled["body"] + polled["body"], false},
		// the white space is part of the packet
		{packets, sent, "ack", strings.Replace(sent["ack"], "[", " [ ", 1), false},
		{packets, sent, "ack", strings.Replace(sent["ack"], "[", "[ ", 1), true},
		{packets, sent, "ack", "1" + sent["ack"], false},
	} {
		answers := maps.Clone(test.right)
		answers[test.slot] = test.answer
		r, err := predict.CheckAnswers(test.e, answers, func(string) int { return 0 })
		require.NoError(t, err)
		assert.Equal(t, test.passed, r.Passed, "%s: %q", test.slot, test.answer)
	}
}

// captures holds a function for each exercise to predict: it runs the demo and returns the bytes on
// the wire, by slot.
var captures = map[string]func(t *testing.T) map[string]string{
	"predict-poll":    capturePoll,
	"predict-stream":  captureStream,
	"predict-frames":  captureFrames,
	"predict-packets": capturePackets,
	"read-capture":    captureGiven,
}

// TestCaptures: the solutions equal the bytes that the demos send.
func TestCaptures(t *testing.T) {
	for _, e := range catalogue(t) {
		if e.Kind != exercise.Predict {
			continue
		}
		slots, err := predict.Slots(e)
		require.NoError(t, err)
		if !slices.ContainsFunc(slots, func(s predict.Slot) bool { return s.Form != "choice" }) {
			continue // no bytes; see TestFigures and TestSticky
		}
		t.Run(e.Name, func(t *testing.T) {
			require.Contains(t, captures, e.Name)
			solution, err := e.Solution()
			require.NoError(t, err)
			answers := predict.Answers(string(solution["answer.txt"]))
			captured := captures[e.Name](t)
			require.NotEmpty(t, captured)
			for slot, want := range captured {
				assert.Equal(t, want, answers[slot], slot)
			}
			assert.Len(t, answers, len(captured), "every slot is held against a capture")
		})
	}
}

// demo serves a demo on loopback until the test ends.
func demo(t *testing.T, name string) (address string) {
	address, _ = stoppable(t, name)
	return address
}

// stoppable is demo, with a function that ends the demo before the test does.
func stoppable(t *testing.T, name string) (address string, stop func()) {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			if d.Name != name {
				continue
			}
			instance, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			server := &http.Server{Handler: instance.Handler, ReadHeaderTimeout: 10 * time.Second}
			done := make(chan struct{})
			go func() { defer close(done); _ = server.Serve(listener) }()
			stop = sync.OnceFunc(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				_ = instance.Close(ctx)
			})
			t.Cleanup(func() {
				stop()
				_ = server.Close()
				<-done
			})
			return listener.Addr().String(), stop
		}
	}
	t.Fatalf("no demo %s", name)
	return "", nil
}

// exchange sends bytes to a server and returns what comes back until stop is in it, or the
// connection ends.
func exchange(t *testing.T, address, request, stop string) string {
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	return speak(t, conn, request, stop)
}

func speak(t *testing.T, conn net.Conn, request, stop string) string {
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n"))
	require.NoError(t, err)
	var got bytes.Buffer
	for stop == "" || !strings.Contains(got.String(), stop) {
		buffer := make([]byte, 4096)
		n, err := conn.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			require.ErrorIs(t, err, io.EOF, "after %q", got.String())
			break
		}
	}
	return got.String()
}

var at = regexp.MustCompile(`("at":"|@)[^"\n]*Z`)

// timed gives the n-th message (from 1) the time it has in the exercises.
func timed(text string, second string) string {
	return at.ReplaceAllString(text, "${1}2026-11-23T08:00:0"+second+".000Z")
}

func post(t *testing.T, address, body string) {
	res, err := http.Post("http://"+address+"/messages", "application/json",
		strings.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 201, res.StatusCode)
}

func capturePoll(t *testing.T) map[string]string {
	address := demo(t, "short-polling")
	post(t, address, `{"from":"ann","text":"hi"}`)
	post(t, address, `{"from":"bob","text":"你好"}`)
	ask := func(question string) (first, body string) {
		head, body, _ := strings.Cut(exchange(t, address,
			question+"\nHost: lab\nConnection: close\n\n", ""), "\r\n\r\n")
		first, _, _ = strings.Cut(head, "\r\n")
		return first, timed(strings.TrimSuffix(body, "\n"), "1")
	}
	first, body := ask("GET /messages?after=1 HTTP/1.1")
	next := "GET /messages?after=2 HTTP/1.1"
	_, empty := ask(next)
	return map[string]string{"first line": first, "body": body, "next question": next,
		"next body": empty}
}

func captureStream(t *testing.T) map[string]string {
	captured := map[string]string{}
	t.Run("hanging", func(t *testing.T) {
		address, stop := stoppable(t, "hanging")
		post(t, address, `{"from":"ann","text":"hi"}`)
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		got := speak(t, conn, "GET /stream?after=0 HTTP/1.1\nHost: lab\n\n", "}\n\r\n")
		_, body, _ := strings.Cut(got, "\r\n\r\n")
		body = strings.TrimPrefix(body, "1\r\n\n\r\n") // the empty line that the stream begins with
		captured["chunk"] = escaped(timed(body, "0"))
		stop()
		captured["last chunk"] = escaped(speak(t, conn, "", "\r\n\r\n"))
	})
	address := demo(t, "sse")
	post(t, address, `{"from":"ann","text":"hi"}`)
	post(t, address, `{"from":"bob","text":"ho"}`)
	events := func(header string) string {
		// HTTP/1.0 has no chunks: the body is the stream itself.
		got := exchange(t, address, "GET /events HTTP/1.0\nHost: lab\n"+header+"\n", `"text":"ho"`)
		_, stream, _ := strings.Cut(got, "id: ")
		return "id: " + stream
	}
	first, _, _ := strings.Cut(events(""), "\n\n")
	captured["event"] = escaped(timed(first, "0") + "\n\n")
	after, _, _ := strings.Cut(events("Last-Event-ID: 1\n"), "\n")
	captured["first line after"] = timed(after, "1")
	return captured
}

// escaped writes line ends as escapes, like the answers.
func escaped(text string) string {
	return strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(text)
}

// masked is a frame of a client, under the key 1 2 3 4.
func masked(first byte, payload string) string {
	frame := []byte{first, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		frame = []byte{first, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload))}
	}
	frame = append(frame, 1, 2, 3, 4)
	for i := range len(payload) {
		frame = append(frame, payload[i]^byte(i%4+1))
	}
	return string(frame)
}

func captureFrames(t *testing.T) map[string]string {
	conn, err := net.Dial("tcp", demo(t, "ws-echo"))
	require.NoError(t, err)
	defer conn.Close()
	speak(t, conn,
		"GET /ws HTTP/1.1\nHost: lab\nConnection: Upgrade\nUpgrade: websocket\n"+
			"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n",
		"\r\n\r\n")
	frame := func(sent string, length int) string {
		_, err := io.WriteString(conn, sent)
		require.NoError(t, err)
		got := make([]byte, length)
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		return fmt.Sprintf("% x", got)
	}
	return map[string]string{
		"hello":         frame(masked(0x81, "Hello"), 7),
		"header of 300": frame(masked(0x81, strings.Repeat("x", 300)), 304)[:11],
		"pong":          frame(masked(0x89, "hi"), 4),
		"close":         frame(masked(0x88, "\x03\xe8"), 4),
	}
}

// wsClient speaks Socket.IO over a raw WebSocket.
type wsClient struct {
	t *testing.T
	*websocket.Conn
}

func dialSocketIO(t *testing.T, address, query string) wsClient {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+
		"/socket.io/?EIO=4&transport=websocket"+query, nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return wsClient{t, conn}
}

func (c wsClient) send(packet string) {
	require.NoError(c.t, c.WriteMessage(websocket.TextMessage, []byte(packet)))
}

// next returns the next packet with that prefix.
func (c wsClient) next(prefix string) string {
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	for {
		_, data, err := c.ReadMessage()
		require.NoError(c.t, err, "waiting for %s", prefix)
		if strings.HasPrefix(string(data), prefix) {
			return string(data)
		}
	}
}

func capturePackets(t *testing.T) map[string]string {
	captured := map[string]string{}
	acks := demo(t, "acks")
	c := dialSocketIO(t, acks, "")
	c.send("40")
	c.next("40")
	c.send(`420["ferret","tobi"]`)
	captured["ack"] = c.next("43")

	res, err := http.Get("http://" + acks + "/socket.io/?EIO=4&transport=polling")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	var open struct{ SID string }
	require.NoError(t, json.Unmarshal(body[1:], &open))
	probe := dialSocketIO(t, acks, "&sid="+open.SID)
	probe.send("2probe")
	captured["probe"] = probe.next("")

	c = dialSocketIO(t, demo(t, "namespaces"), "")
	c.send("40/chat,")
	captured["greeting"] = c.next("42")
	c.send("40/none,")
	captured["no such namespace"] = c.next("44")
	captured["heartbeat"] = heartbeat(t)
	return captured
}

// heartbeat returns the bytes that our Engine.IO server sends to an idle client.
func heartbeat(t *testing.T) string {
	server := engineio.NewServer(engineio.Config{PingInterval: 10 * time.Millisecond,
		OnSession: func(*engineio.Session) {}})
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Close(ctx)
		listener.Close()
	})
	c := dialSocketIO(t, listener.Listener.Addr().String(), "")
	c.next("0")
	return c.next("")
}
