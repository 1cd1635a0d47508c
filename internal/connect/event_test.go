package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/siopacket"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func TestLines(t *testing.T) {
	photo := siopacket.Raw{Text: siopacket.Value(`{"photo":{"_placeholder":true,"num":0}}`),
		Attachments: [][]byte{{1, 2, 255}}}
	for want, e := range map[string]Event{
		"12:00:00.000\t←\t/\tnews  {\"a\":1}  7": {Kind: Received,
			Namespace: "/", Name: "news",
			Args: values(siopacket.Raw{Text: siopacket.Value(`{"a":1}`)}, number(7))},
		"12:00:00.000\t→\t-\tmessage  \"hi\"": {Kind: Sent,
			Name: "message", Args: values(text("hi"))},
		"12:00:00.000\t←\t/\tphoto  {\"photo\":<3 bytes>} [01 02 ff]": {Kind: Received,
			Namespace: "/", Name: "photo", Args: values(photo)},
		"12:00:00.000\t←\t/\tack of ferret  \"woot\"  (1.5ms)": {Kind: Received,
			Namespace: "/", Name: "ferret", Args: values(text("woot")), Ack: true,
			Took: 1500 * time.Microsecond},
		"12:00:00.000\t←\t/\tq  (wants an acknowledgement: answer #3 …)": {Kind: Received,
			Namespace: "/", Name: "q", Wants: 3},
		"12:00:00.000\t!\t-\tlost. Hint: look": {Kind: Problem, Name: "x",
			Text: lang.Text{EN: "lost."}, Hint: lang.Text{EN: "look"}},
		"12:00:00.000\t←\t-\ttick  \"1\"  id=7": {Kind: Received,
			Name: "tick", Args: values(text("1")), ID: "7"},
	} {
		e.Time = noon
		assert.Equal(t, want, e.Line(lang.English))
	}
	assert.Equal(t, "12:00:00.000\t←\t-\t回执 f",
		Event{Time: noon, Kind: Received, Name: "f", Ack: true}.Line(lang.Chinese))
}

// TestHostileEvents: an event is one line, and holds nothing that a terminal obeys.
func TestHostileEvents(t *testing.T) {
	evil := "\x1b]52;c;ZXZpbA==\x07\r\n\u202e\xff\t"
	for _, e := range []Event{
		{Kind: Received, Namespace: "/" + evil, Name: evil, Args: values(text(evil)), ID: evil},
		{Kind: State, Text: lang.Same(evil), Hint: lang.Same(evil)},
	} {
		line := e.Line(lang.English)
		assert.Equal(t, 3, strings.Count(line, "\t"), "%q", line)
		for _, bad := range []string{"\x1b", "\r", "\n", "\a", "\u202e", "\xff"} {
			assert.NotContains(t, line, bad)
		}
		log := newLog()
		log.add(e)
		log.close()
		var out bytes.Buffer
		require.NoError(t, Print(t.Context(), &out, log.NewReader(), lang.English, true))
		assert.Equal(t, 1, strings.Count(out.String(), "\n"))
		assert.NotContains(t, out.String(), "\x1b")
		assert.NotContains(t, out.String(), "\u202e")
		assert.True(t, json.Valid(out.Bytes()))
	}
	long := Event{Kind: Received, Name: "x", Args: values(text(strings.Repeat("a", 200<<10)))}
	assert.Less(t, len(long.Line(lang.English)), maxShown+1000)
}

func TestJSON(t *testing.T) {
	e := Event{Time: noon, Kind: Received, Namespace: "/", Name: "x", Wants: 2, Args: values(
		siopacket.Raw{Text: siopacket.Value("12345678901234567890")}, binary([]byte{0, 255}),
		siopacket.Raw{Text: siopacket.Value(`{"a":[{"_placeholder":true,"num":0}]}`),
			Attachments: [][]byte{{1}}})}
	line, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Equal(t, `{"time":"2026-11-30T12:00:00Z","kind":"received","namespace":"/","name":"x",`+
		`"args":[12345678901234567890,{"hex":"00ff"},{"a":[{"hex":"01"}]}],"wants":2}`,
		string(line))
}

func TestLogIsBounded(t *testing.T) {
	log := newLog()
	reader := log.NewReader()
	for range maxEvents + 10 {
		log.add(Event{Kind: Received, Name: "x"})
	}
	assert.Len(t, reader.Read(t.Context()), maxEvents)
	assert.Equal(t, uint64(10), reader.Dropped)
	big := Event{Kind: Received, Name: "big", Args: values(binary(make([]byte, maxArgBytes/2)))}
	for range 5 {
		log.add(big)
	}
	events, at, _ := log.from(0)
	assert.LessOrEqual(t, len(events), 2)
	assert.Equal(t, uint64(maxEvents+15), at+uint64(len(events)))
	assert.Equal(t, []string{"x", "big"}, log.Names())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reader.Read(t.Context())
	assert.Nil(t, reader.Read(ctx))
	log.close()
	log.add(big)
	assert.Nil(t, reader.Read(t.Context()))
}
