package blackbox

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLateServer: the attack waits for a target that does not listen yet.
func TestLateServer(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	reached := make(chan error, 1)
	go func() { reached <- reach(t.Context(), address) }()
	select {
	case err := <-reached:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(200 * time.Millisecond): // the server starts a little later
	}
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	defer server.Close()
	assert.NoError(t, <-reached)
}
