package engineio

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandshakeIsKept(t *testing.T) {
	var session *Session
	l := newLab(t, Config{OnSession: func(s *Session) { session = s }})
	r, err := http.NewRequest("GET", l.http.URL+"/engine.io/?"+polling+"&token=%C3%A4%20b&x=1", nil)
	require.NoError(t, err)
	r.Header = http.Header{"X-Empty": {""}, "X-Two": {"one", "two, three"}, "X-Text": {"ä \t\"b\""}}
	res, err := l.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()

	h := session.Handshake()
	assert.Equal(t, []string{""}, h.Header.Values("X-Empty"))
	assert.Equal(t, []string{"one", "two, three"}, h.Header.Values("X-Two"))
	assert.Equal(t, "ä \t\"b\"", h.Header.Get("X-Text"))
	assert.Equal(t, "ä b", h.Query().Get("token"))
	assert.Equal(t, "/engine.io/?"+polling+"&token=%C3%A4%20b&x=1", h.URL)
	assert.Regexp(t, `^127\.0\.0\.1:\d+$`, h.RemoteAddr)
	assert.False(t, h.Secure)
	assert.WithinDuration(t, time.Now(), h.Time, time.Minute)
	h.Header.Set("X-Empty", "changed")
	assert.Equal(t, "", session.Handshake().Header.Get("X-Empty"), "it is the caller's")
}
