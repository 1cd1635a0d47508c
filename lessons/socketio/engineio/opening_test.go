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
	r, err := http.NewRequest("GET",
		l.http.URL+"/engine.io/?"+overPolling+"&token=%C3%A4%20b&x=1", nil)
	require.NoError(t, err)
	r.Header = http.Header{"X-Empty": {""}, "X-Two": {"one", "two, three"}, "X-Text": {"ä \t\"b\""}}
	res, err := l.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()

	kept := session.Request()
	assert.Equal(t, []string{""}, kept.Header.Values("X-Empty"))
	assert.Equal(t, []string{"one", "two, three"}, kept.Header.Values("X-Two"))
	assert.Equal(t, "ä \t\"b\"", kept.Header.Get("X-Text"))
	assert.Equal(t, "ä b", kept.URL.Query().Get("token"))
	assert.Equal(t, "/engine.io/?"+overPolling+"&token=%C3%A4%20b&x=1", kept.RequestURI)
	assert.Regexp(t, `^127\.0\.0\.1:\d+$`, kept.RemoteAddr)
	assert.Nil(t, kept.TLS)
	assert.Equal(t, http.NoBody, kept.Body)
	assert.NotNil(t, kept.Context().Value(http.ServerContextKey))
	assert.NoError(t, kept.Context().Err(),
		"the request has been served, and the context has not ended")
	assert.WithinDuration(t, time.Now(), session.Opened(), time.Minute)
}
