// Command private lets people write to each other. A session outlives the connection and the page,
// people who are offline stay in the list, and every pair of people has its history.
package main

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"realtimelab/lessons/socketio/sio"
)

//go:embed index.html
var page embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:4000", "address to listen on")
	flag.Parse()

	io, people := sio.NewServer(sio.Config{}), newStore()
	io.Use(func(s *sio.Socket) error {
		var auth struct{ SessionID, Username string }
		if err := s.Handshake().Auth(&auth); err != nil {
			return err
		}
		me, known := people.session(auth.SessionID)
		if !known {
			if auth.Username == "" {
				return errors.New("invalid username")
			}
			me = people.add(auth.Username)
		}
		s.Set("session", me)
		return nil
	})

	// A user's id is also the room of the user's tabs: the first one makes it, the last one ends
	// it.
	io.OnRoom(func(e sio.RoomEvent) {
		user, ok := people.user(e.Room)
		switch {
		case !ok: // a socket's own room
		case e.Kind == sio.RoomCreated:
			people.setConnected(user.ID, true)
			user.Connected = true
			io.Except(user.ID).Emit("user connected", user)
		case e.Kind == sio.RoomJoined:
			io.To(e.Socket).Emit("users", people.seenBy(user.ID))
		case e.Kind == sio.RoomDeleted:
			people.setConnected(user.ID, false)
			io.Emit("user disconnected", user.ID)
		}
	})

	io.OnConnection(func(s *sio.Socket) {
		me := s.Get("session").(session)
		s.Emit("session", me)
		s.Join(me.UserID)
		s.On("private message", func(m struct{ Content, To string }, ack sio.Ack) error {
			sent, err := people.send(me.UserID, m.To, m.Content)
			if err != nil {
				return err
			}
			s.To(m.To, me.UserID).Emit("private message", sent) // the sender's other tabs, too
			ack(sent)
			return nil
		})
	})

	http.Handle("/socket.io/", io)
	http.Handle("/", http.FileServerFS(page))
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil))
}
