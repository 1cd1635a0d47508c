// Package doubledlistener is a page of the chat.
package doubledlistener

// Socket is the client's side of a Socket.IO connection. It has no bug.
type Socket interface {
	// calls f after each connect, the first and every later one
	OnConnect(f func())
	On(event string, listener func(string)) // adds a listener
	// removes all listeners of that event, whoever added them
	Off(event string)
	Emit(event, text string)
}

// Start starts the page, which says hello to the server and shows each chat message.
func Start(s Socket, name string, show func(string)) {
	s.OnConnect(func() {
		s.Emit("hello", name)
		s.On("chat message", show)
	})
}
