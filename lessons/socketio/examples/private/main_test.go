package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

// A tab is one connection of a person.
type tab struct {
	*sioclient.Socket
	session chan session
	users   chan []user
	joined  chan user
	left    chan string
	message chan message
}

func open(t *testing.T, url string, auth map[string]string) (tab, error) {
	t.Helper()
	s, err := sioclient.New(url, sioclient.Config{Auth: func() any {
		return auth
	}, NoReconnect: true})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	b := tab{s, make(chan session, 9), make(chan []user, 9), make(chan user, 9),
		make(chan string, 9), make(chan message, 9)}
	s.On("session", func(x session) { b.session <- x })
	s.On("users", func(x []user) { b.users <- x })
	s.On("user connected", func(x user) { b.joined <- x })
	s.On("user disconnected", func(x string) { b.left <- x })
	s.On("private message", func(x message) { b.message <- x })
	return b, s.Connect(within(t))
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func next[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing received")
	}
	return v
}

func TestPrivateMessages(t *testing.T) {
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0")
	_, err := open(t, url, map[string]string{})
	require.EqualError(t, err, "invalid username")

	ann, err := open(t, url, map[string]string{"username": "ann"})
	require.NoError(t, err)
	annSession := next(t, ann.session)
	require.Len(t, next(t, ann.users), 1)

	bob, err := open(t, url, map[string]string{"username": "bob"})
	require.NoError(t, err)
	bobSession := next(t, bob.session)
	require.Equal(t, user{ID: bobSession.UserID, Name: "bob", Connected: true,
		Messages: []message{}}, next(t, ann.joined))
	require.Equal(t, []string{"ann", "bob"}, names(next(t, bob.users)))

	// Another tab of the same session is the same user.
	second, err := open(t, url, map[string]string{"sessionID": annSession.ID})
	require.NoError(t, err)
	require.Equal(t, annSession, next(t, second.session))
	next(t, second.users)

	sent, err := sioclient.Ask[message](within(t), ann, "private message",
		map[string]string{"to": bobSession.UserID, "content": "hi"})
	require.NoError(t, err)
	assert.Equal(t, message{0, annSession.UserID, bobSession.UserID, "hi"}, sent)
	assert.Equal(t, sent, next(t, bob.message))
	assert.Equal(t, sent, next(t, second.message))
	assert.Empty(t, ann.message, "the sender has it from the acknowledgement")

	answer, err := ann.EmitWithAck(within(t), "private message",
		map[string]string{"to": "nobody", "content": "hi"})
	require.NoError(t, err)
	assert.Equal(t, `[{"error":"event \"private message\": unknown user"}]`, answer.String())

	// The user is offline when the last tab has gone, and can be written to.
	ann.Close()
	second.Close()
	assert.Equal(t, annSession.UserID, next(t, bob.left))
	_, err = sioclient.Ask[message](within(t), bob, "private message",
		map[string]string{"to": annSession.UserID, "content": "are you there?"})
	require.NoError(t, err)

	back, err := open(t, url, map[string]string{"sessionID": annSession.ID})
	require.NoError(t, err)
	assert.Equal(t, annSession, next(t, back.session))
	assert.Equal(t, annSession.UserID, next(t, bob.joined).ID)
	list := next(t, back.users)
	assert.Equal(t, []string{"ann", "bob"}, names(list))
	assert.True(t, list[1].Connected)
	assert.Equal(t, []string{"hi", "are you there?"}, contents(list[1].Messages))
	assert.Empty(t, bob.joined, "neither the second tab nor bob is news")

	// Only the two of them receive their messages.
	eve, err := open(t, url, map[string]string{"username": "eve"})
	require.NoError(t, err)
	for _, u := range next(t, eve.users) {
		assert.Empty(t, u.Messages)
	}
}

func names(users []user) (names []string) {
	for _, u := range users {
		names = append(names, u.Name)
	}
	return names
}

func contents(messages []message) (contents []string) {
	for _, m := range messages {
		contents = append(contents, m.Content)
	}
	return contents
}

func TestPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	url := labtest.StartProgram(t, "-addr", "127.0.0.1:0")
	page := browser.Tab(t)
	page.Open(url)
	page.Press("#name", "a", "n", "n", "Enter")
	page.WaitText("#users", "● ann (you)")

	bob, err := open(t, url, map[string]string{"username": "bob"})
	require.NoError(t, err)
	bobSession := next(t, bob.session)
	ann := next(t, bob.users)[0]
	page.WaitText("#users", "● bob")
	_, err = sioclient.Ask[message](within(t), bob, "private message",
		map[string]string{"to": ann.ID, "content": "<i>hi</i>"})
	require.NoError(t, err)
	page.WaitText("#users", "● bob – new")
	page.Click("#users li:nth-child(2) button")
	page.WaitText("#messages", "bob: <i>hi</i>")
	page.Press("#text", "h", "o", "Enter")
	page.WaitText("#messages", "You: ho")
	assert.Equal(t, "ho", next(t, bob.message).Content)
	bob.Close()
	page.WaitText("#users", "○ bob")

	// The page is loaded again: the same user, with the history.
	page.Open(url)
	page.WaitText("#users", "○ bob")
	page.Click("#users li:nth-child(2) button")
	page.WaitText("#messages", "bob: <i>hi</i>You: ho")
	_, err = open(t, url, map[string]string{"sessionID": bobSession.ID})
	require.NoError(t, err)
	page.WaitText("#users", "● bob")
	assert.Empty(t, page.ConsoleErrors())
}
