package eiopacket

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStream(t *testing.T) {
	long, longer := strings.Repeat("x", 255), strings.Repeat("y", 0x10000)
	for wire, p := range map[string]Packet{
		"\x064hello":           {Type: Message, Data: []byte("hello")},
		"\x83\x01\x02\x03":     {Type: Message, Binary: true, Data: []byte{1, 2, 3}},
		"\x01b":                {Type: Message, Binary: true},
		"\x7e\x01\x004" + long: {Type: Message, Data: []byte(long)},
		"\x7f\x00\x00\x00\x00\x00\x01\x00\x014" + longer: {Type: Message, Data: []byte(longer)},
	} {
		assert.Equal(t, wire, string(p.AppendStream(nil)))
		got, err := ReadStream(bufio.NewReader(strings.NewReader(wire)), 1<<20)
		require.NoError(t, err)
		assert.Equal(t, p.Binary, got.Binary)
		assert.True(t, bytes.Equal(p.Data, got.Data))
	}
}

func TestStreamErrors(t *testing.T) {
	var syntax *SyntaxError
	for _, wire := range []string{"\x00", "\x80", "\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
		"\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "\x7e\x00\x65", "\x01x"} {
		_, err := ReadStream(bufio.NewReader(strings.NewReader(wire)), 100)
		assert.ErrorAs(t, err, &syntax, "%q", wire)
	}
	for _, wire := range []string{"", "\x064hel", "\x7e\x00", "\x7f\x00"} {
		_, err := ReadStream(bufio.NewReader(strings.NewReader(wire)), 100)
		assert.True(t, err == io.EOF || err == io.ErrUnexpectedEOF, "%q: %v", wire, err)
	}
}
