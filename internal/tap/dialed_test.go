package tap

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDialed: a client's record of a connection has the server's directions, addresses and counts.
func TestDialed(t *testing.T) {
	for end, want := range map[string][]string{
		"client closes": {"ended in ", "closed in "},
		"server closes": {"ended out ", "ended in ", "closed in "},
		"client resets": {"reset in ", "closed in "},
		"server resets": {"reset out ", "closed in "},
	} {
		t.Run(end, func(t *testing.T) {
			record, served := New(Config{}), New(Config{})
			reader := record.NewReader()
			defer reader.Close()
			server, plain := pair(t, served)
			client := record.Dialed(plain)
			assert.Equal(t, server.Peer().Local.String(), client.Peer().Local.String())
			assert.Equal(t, server.Peer().Remote.String(), client.Peer().Remote.String())
			assert.True(t, client.Peer().Dialed)

			buffer := make([]byte, 5)
			_, err := client.Write([]byte("hello"))
			require.NoError(t, err)
			_, err = io.ReadFull(server, buffer)
			require.NoError(t, err)
			_, err = server.Write([]byte("world"))
			require.NoError(t, err)
			_, err = io.ReadFull(client, buffer)
			require.NoError(t, err)
			first, second := client, server
			if end == "server closes" || end == "server resets" {
				first, second = server, client
			}
			if end == "client resets" || end == "server resets" {
				require.NoError(t, first.NetConn().(*net.TCPConn).SetLinger(0))
			}
			require.NoError(t, first.Close())
			_, err = second.Read(buffer)
			require.Error(t, err)
			require.NoError(t, second.Close())

			assert.Equal(t, append([]string{"opened in ", "data in hello", "data out world"},
				want...), kinds(all(reader)))
			assert.Equal(t, served.Counters(), record.Counters())
		})
	}
}

// TestDialedUnsent: an event takes back bytes of a client that were not sent.
func TestDialedUnsent(t *testing.T) {
	record := New(Config{})
	reader := record.NewReader()
	defer reader.Close()
	near, far := net.Pipe()
	client := record.Dialed(near)
	require.NoError(t, far.Close())
	_, err := client.Write([]byte("lost"))
	require.Error(t, err)
	require.NoError(t, client.Close())
	var unsent []Event
	for _, e := range all(reader) {
		if e.Kind == Unsent {
			unsent = append(unsent, e)
		}
	}
	require.Len(t, unsent, 1)
	assert.Equal(t, In, unsent[0].Dir)
	assert.Equal(t, 4, unsent[0].Size)
	assert.Zero(t, record.Counters().In)
}
