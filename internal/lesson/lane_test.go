package lesson

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindLane(t *testing.T) {
	all := []Lesson{
		{Demos: []Demo{{Name: "quiet"},
			{Name: "chat", Lanes: []Lane{{Name: "a"}, {Name: "b", Posts: true}}}}},
		{Demos: []Demo{{Name: "other", Lanes: []Lane{{Name: "c"}}}}},
	}
	assert.Equal(t, []string{"a", "b", "c"}, LaneNames(all))
	demo, lane, found := FindLane(all, "b")
	assert.True(t, found)
	assert.Equal(t, "chat", demo.Name)
	assert.True(t, lane.Posts)
	_, _, found = FindLane(all, "quiet")
	assert.False(t, found, "the name of a demo is not that of a lane")
}

func TestALaneStartsItsDemoOrItsOwnServer(t *testing.T) {
	of := func(name string) func(Env) (*Instance, error) {
		return func(Env) (*Instance, error) { return nil, errors.New(name) }
	}
	all := []Lesson{{Demos: []Demo{{Name: "chat", Start: of("demo"),
		Lanes: []Lane{{Name: "a"}, {Name: "b", Start: of("lane")}}}}}}
	for i, want := range []string{"demo", "lane"} {
		lane := Lanes(all)[i]
		_, found, _ := FindLane(all, lane.Name)
		for _, l := range []Lane{lane, found} {
			_, err := l.Start(Env{})
			assert.EqualError(t, err, want)
		}
	}
}

func TestHTTPCompletesHeaders(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header
	}))
	defer server.Close()
	client := Dialing{Header: http.Header{"Accept": {"*/*"}, "User-Agent": {"a browser"}}}.HTTP()
	req, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	req.Header.Set("Accept", "text/event-stream")
	res, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	client.CloseIdleConnections()
	assert.Equal(t, []string{"text/event-stream"}, got["Accept"], "what the client sets stays")
	assert.Equal(t, []string{"a browser"}, got["User-Agent"])
	assert.Equal(t, []string{"text/event-stream"}, req.Header["Accept"])
	assert.NotContains(t, req.Header, "User-Agent", "the caller's request is as it was")
}
