package exercise_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/predict"
)

// TestQuestions: a question is read as people write its answer, and each wrong option has its own
// sentence.
func TestQuestions(t *testing.T) {
	e, right := prediction(t, "sticky-or-not")
	slots, err := predict.Slots(e)
	require.NoError(t, err)
	require.NotEmpty(t, slots)
	answer := func(text string) *exercise.Problem {
		mine := maps.Clone(right)
		mine["chat"] = text
		r, err := predict.CheckAnswers(e, mine, func(string) int { return 2 })
		require.NoError(t, err)
		return r.Problem
	}
	for _, text := range []string{"c", " C ", "c) A bus between the servers.", "(c)", "c.",
		"c）", "ｃ"} {
		assert.Nil(t, answer(text), text)
	}
	for _, text := range []string{"e", "3", "cd", "a bus, I think", "!"} {
		p := answer(text)
		require.NotNil(t, p, text)
		assert.False(t, text != "a bus, I think" && p.Counts, "%s: %+v", text, p)
	}
	assert.Contains(t, answer("").Text.EN, "choose one of its letters")
	p := answer("b")
	assert.Contains(t, p.Text.EN, "Two users on different servers", "its own sentence")
	assert.Equal(t, "c", p.Answer, "the third wrong answer shows the right one")
	assert.Empty(t, p.Fields)
}

// TestOptions: the file of answers shows each option in both languages, and every wrong one has its
// own sentence.
func TestOptions(t *testing.T) {
	for _, e := range catalogue(t) {
		if e.Kind != exercise.Predict {
			continue
		}
		slots, err := predict.Slots(e)
		require.NoError(t, err)
		starter, err := e.Starter()
		require.NoError(t, err)
		_, right := prediction(t, e.Name)
		said := map[string]bool{}
		for _, s := range slots {
			for _, option := range s.Options {
				letter := option.Letter
				assert.Contains(t, string(starter[exercise.AnswerFile]),
					"# "+letter+") "+option.EN+" / "+option.ZH+"\n", "%s [%s]", e.Name, s.Name)
				mine := maps.Clone(right)
				mine[s.Name] = letter
				r, err := predict.CheckAnswers(e, mine, func(string) int { return 0 })
				require.NoError(t, err)
				if letter == right[s.Name] {
					assert.Nil(t, r.Problem, "%s [%s] %s", e.Name, s.Name, letter)
					continue
				}
				require.NotNil(t, r.Problem, "%s [%s] %s", e.Name, s.Name, letter)
				assert.False(t, said[r.Problem.Text.EN] || said[r.Problem.Text.ZH],
					"%s [%s] %s has the sentence of another option: %s", e.Name, s.Name, letter,
					r.Problem.Text.EN)
				said[r.Problem.Text.EN], said[r.Problem.Text.ZH] = true, true
			}
		}
	}
}

// TestFigures: the tables of choose-transport are the measured figures, in both languages.
func TestFigures(t *testing.T) {
	type figures struct {
		Transport string
		Latency   struct{ P50, P99 float64 } `json:"latency_ms"`
		Bytes     float64                    `json:"bytes_per_message"`
		Requests  float64                    `json:"requests_per_message"`
		CPU       float64                    `json:"server_cpu_us_per_message"`
	}
	measured := func(file string) map[string]figures {
		data, err := os.ReadFile("../../docs/figures/" + file)
		require.NoError(t, err)
		var report struct{ Parts []struct{ Results []figures } }
		require.NoError(t, json.Unmarshal(data, &report))
		require.Len(t, report.Parts, 1)
		all := map[string]figures{}
		for _, f := range report.Parts[0].Results {
			all[f.Transport] = f
		}
		return all
	}
	slow, ack, many := measured("3g.json"), measured("ack.json"), measured("thousand.json")
	e, _ := prediction(t, "choose-transport")
	for transport, name := range map[string][2]string{
		"short-polling": {"short polling", "短轮询"}, "long-polling": {"long polling", "长轮询"},
		"sse":       {"SSE", "SSE"},
		"websocket": {"WebSocket", "WebSocket"}, "socketio-websocket": {"Socket.IO", "Socket.IO"},
	} {
		s, a, m := slow[transport], ack[transport], many[transport]
		for i, text := range []string{e.Text.EN, e.Text.ZH} {
			assert.Contains(t, text, fmt.Sprintf("| %s | %.0f ms | %.0f ms | %.0f | %.2f |",
				name[i], s.Latency.P50, s.Latency.P99, m.Bytes, m.Requests))
			assert.Contains(t, text, fmt.Sprintf("| %s | %.0f | %.0f µs |", name[i],
				a.Bytes, a.CPU))
		}
	}
}

// TestSticky: a session that begins with polling is unknown to every other server, in the words of
// sticky-or-not.
func TestSticky(t *testing.T) {
	get := func(url string) (int, string) {
		res, err := http.Get(url)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	const polling = "/socket.io/?EIO=4&transport=polling"
	_, opened := get("http://" + demo(t, "broadcast") + polling)
	var session struct{ SID string }
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(opened, "0")), &session))
	status, body := get("http://" + demo(t, "broadcast") + polling + "&sid=" + session.SID)
	assert.Equal(t, 400, status)
	var refusal struct{ Message string }
	require.NoError(t, json.Unmarshal([]byte(body), &refusal))
	e, right := prediction(t, "sticky-or-not")
	right["two servers"] = "a"
	r, err := predict.CheckAnswers(e, right, func(string) int { return 0 })
	require.NoError(t, err)
	assert.Contains(t, r.Problem.Text.EN, fmt.Sprint(status, " ", refusal.Message))
}
