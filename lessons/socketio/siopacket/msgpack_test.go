package siopacket_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/siopacket"
)

// officialMsgpack holds packets as socket.io-msgpack-parser 3 writes them.
var officialMsgpack = []struct {
	name, wire string
	packet     siopacket.Packet
}{
	{"CONNECT with undefined data", "83a47479706500a36e7370a12fa464617461d40000",
		siopacket.Packet{Type: siopacket.Connect, Namespace: "/"}},
	{"CONNECT with auth", "83a47479706500a36e7370a62f61646d696ea46461746181a5746f6b656ea3313233",
		siopacket.Packet{Type: siopacket.Connect, Namespace: "/admin",
			Data: []byte(`{"token":"123"}`)}},
	{"EVENT with options",
		"84a47479706502a36e7370a12fa46461746198a568656c6c6f01ffcb3ff8000000000000c3c09182a16201a16102a6e4bda0e5a5bda76f7074696f6e7381a8636f6d7072657373c3",
		siopacket.Packet{Type: siopacket.Event, Namespace: "/",
			Data: []byte(`["hello",1,-1,1.5,true,null,[{"b":1,"a":2}],"你好"]`)}},
	{"EVENT with an ack id", "84a47479706502a36e7370a12fa269640ca46461746191a178",
		siopacket.Packet{Type: siopacket.Event, Namespace: "/", ID: 12, HasID: true,
			Data: []byte(`["x"]`)}},
	{"Buffer and ArrayBuffer",
		"83a47479706502a36e7370a12fa46461746193a178c40301020381a16ec702000908",
		siopacket.Packet{
			Type: siopacket.Event, Namespace: "/",
			Data: []byte(
				`["x",{"_placeholder":true,"num":0},{"n":{"_placeholder":true,"num":1}}]`),
			Attachments: [][]byte{{1, 2, 3}, {9, 8}},
		}},
	{"Date and undefined", "83a47479706502a36e7370a12fa46461746193a164d7000000019b7ca98f2ed40000",
		siopacket.Packet{Type: siopacket.Event, Namespace: "/",
			Data: []byte(`["d","2026-01-02T03:04:05.678Z",null]`)}},
	{"Date of notepack 3 in seconds, milliseconds, and before 1970",
		"83a47479706502a36e7370a12fa46461746194a164d6ff695735a5d7ffa1a5d600695735a5c70cff00000000ffffffffffffffff",
		siopacket.Packet{Type: siopacket.Event, Namespace: "/",
			Data: []byte(
				`["d","2026-01-02T03:04:05.000Z","2026-01-02T03:04:05.678Z","1969-12-31T23:59:59.000Z"]`)}},
	{"ACK with bytes", "84a47479706503a36e7370a12fa2696407a46461746191c40101",
		siopacket.Packet{Type: siopacket.Ack, Namespace: "/", ID: 7, HasID: true,
			Data: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}}},
	{"BINARY_EVENT of Socket.IO 2", "83a47479706505a36e7370a12fa46461746192a178c40101",
		siopacket.Packet{Type: siopacket.Event, Namespace: "/",
			Data: []byte(`["x",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}}},
	{"BINARY_ACK of Socket.IO 2", "84a47479706506a36e7370a12fa2696407a46461746191c40101",
		siopacket.Packet{Type: siopacket.Ack, Namespace: "/", ID: 7, HasID: true,
			Data: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}}},
	{"DISCONNECT", "82a47479706501a36e7370a12f",
		siopacket.Packet{Type: siopacket.Disconnect, Namespace: "/"}},
}

func TestMsgpackReadsTheOfficialParser(t *testing.T) {
	for _, test := range officialMsgpack {
		wire, err := hex.DecodeString(test.wire)
		require.NoError(t, err)
		got, err := siopacket.ParseMsgpack(wire)
		require.NoError(t, err, test.name)
		assert.Equal(t, test.packet, got, test.name)
	}
}

func TestMsgpackRoundTrip(t *testing.T) {
	for _, test := range officialMsgpack {
		wire, err := test.packet.AppendMsgpack(nil)
		require.NoError(t, err, test.name)
		got, err := siopacket.ParseMsgpack(wire)
		require.NoError(t, err, test.name)
		assert.Equal(t, test.packet, got, test.name)
	}
}

func TestMsgpackWire(t *testing.T) {
	wire, err := siopacket.Packet{Type: siopacket.Event, Data: []byte(`["hello",1]`),
		HasID: true}.AppendMsgpack(nil)
	require.NoError(t, err)
	assert.Equal(t, "\x84\xa4type\x02\xa4data\x92\xa5hello\x01\xa3nsp\xa1/\xa2id\x00", string(wire))
}

func TestMsgpackRefuses(t *testing.T) {
	for name, wire := range map[string]string{
		"nothing":             "",
		"not a map":           "\x90",
		"no type":             "\x81\xa3nsp\xa1/",
		"no namespace":        "\x81\xa4type\x01",
		"unknown type":        "\x82\xa4type\x07\xa3nsp\xa1/",
		"negative type":       "\x82\xa4type\xff\xa3nsp\xa1/",
		"event without array": "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xa1x",
		"reserved event":      "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa7connect",
		"negative id":         "\x84\xa4type\x03\xa3nsp\xa1/\xa4data\x90\xa2id\xff",
		"bytes behind":        "\x82\xa4type\x01\xa3nsp\xa1/\x00",
		"cut short":           "\x82\xa4type\x01\xa3nsp\xa2/",
		"lying array":         "\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff\xa1x",
		"nested too deep": "\x83\xa4type\x02\xa3nsp\xa1/\xa4data" +
			strings.Repeat("\x91", 1<<20),
	} {
		_, err := siopacket.ParseMsgpack([]byte(wire))
		assert.Error(t, err, name)
	}
}

func TestMsgpackValues(t *testing.T) {
	wire, err := siopacket.AppendMsgpackValue([]byte("x"),
		siopacket.Value(`{"a":[{"_placeholder":true,"num":0},-7]}`), [][]byte{{9}})
	require.NoError(t, err)
	assert.Equal(t, "x\x81\xa1a\x92\xc4\x01\x09\xf9", string(wire))
	text, attachments, rest, err := siopacket.ReadMsgpackValue(append(wire[1:], "rest"...))
	require.NoError(t, err)
	assert.Equal(t, `{"a":[{"_placeholder":true,"num":0},-7]}`, string(text))
	assert.Equal(t, [][]byte{{9}}, attachments)
	assert.Equal(t, "rest", string(rest))
	wire, err = siopacket.AppendMsgpackValue(nil,
		siopacket.Value(`[ {"num" : 0, "_placeholder":true}, {"_placeholder":true,"num":1}]`),
		[][]byte{{9}})
	require.NoError(t, err)
	assert.Equal(t, "\x92\xc4\x01\x09\x82\xac_placeholder\xc3\xa3num\x01", string(wire),
		"in any order; but only what it names")
	_, _, _, err = siopacket.ReadMsgpackValue([]byte("\x92\x01"))
	assert.Error(t, err, "one element short")
	_, err = siopacket.AppendMsgpackValue(nil, siopacket.Value(`{"a":`), nil)
	assert.Error(t, err, "JSON cut short")
}

func FuzzMsgpack(f *testing.F) {
	for _, test := range officialMsgpack {
		wire, _ := hex.DecodeString(test.wire)
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, err := siopacket.ParseMsgpack(wire)
		if err != nil {
			return
		}
		again, err := p.AppendMsgpack(nil)
		require.NoError(t, err)
		back, err := siopacket.ParseMsgpack(again)
		require.NoError(t, err)
		assert.Equal(t, p.Type, back.Type)
		assert.True(t, bytes.Equal(p.Data, back.Data) || len(p.Attachments) == 0, "%s became %s",
			p.Data, back.Data)
	})
}

// A placeholder that a client has written by hand does not disturb what comes after it.
func TestMsgpackPlaceholderWithOtherMembers(t *testing.T) {
	p := siopacket.Packet{
		Type: siopacket.Event, Namespace: "/", Attachments: [][]byte{{1}},
		Data: []byte(`["x",{"_placeholder":true,"num":0,"more":[[],[]]},[1,2],{"b":[3]}]`),
	}
	wire, err := p.AppendMsgpack(nil)
	require.NoError(t, err)
	back, err := siopacket.ParseMsgpack(wire)
	require.NoError(t, err)
	assert.Equal(t, `["x",{"_placeholder":true,"num":0},[1,2],{"b":[3]}]`, string(back.Data))
	assert.Equal(t, p.Attachments, back.Attachments)
}
