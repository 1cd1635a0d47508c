package admin

import (
	"fmt"

	"realtimelab/lessons/socketio/sio"
)

// handleCommands adds the commands of the page. A filter is a room or a socket's id; without one, a
// command is for all sockets of the namespace, on all servers. The error of a command goes to the
// log.
func (a *Admin) handleCommands(s *sio.Socket) {
	choose := func(command, namespace string, filter []*string, what any) (sio.Broadcast, error) {
		n := a.io.Lookup(namespace)
		if n == nil { // Of would make it, open to everybody
			return sio.Broadcast{}, fmt.Errorf("namespace %.100q does not exist", namespace)
		}
		chosen, to := n.To(), "all"
		if len(filter) > 0 && filter[0] != nil && *filter[0] != "" {
			chosen, to = n.To(*filter[0]), *filter[0]
		}
		a.config.Log.Info("admin command", "socket", s.ID(), "command", command, "namespace",
			namespace, "to", to, "what", what)
		return chosen, nil
	}
	s.On("emit", func(namespace string, filter *string, event string, args sio.Args) error {
		chosen, err := choose("emit", namespace, []*string{filter}, event)
		if err != nil {
			return err
		}
		return chosen.Emit(event, args)
	})
	s.On("join", func(namespace, room string, filter ...*string) error {
		chosen, err := choose("join", namespace, filter, room)
		if err == nil {
			chosen.SocketsJoin(room)
		}
		return err
	})
	s.On("leave", func(namespace, room string, filter ...*string) error {
		chosen, err := choose("leave", namespace, filter, room)
		if err == nil {
			chosen.SocketsLeave(room)
		}
		return err
	})
	s.On("_disconnect", func(namespace string, all bool, filter ...*string) error {
		chosen, err := choose("_disconnect", namespace, filter, all)
		if err == nil {
			chosen.DisconnectSockets(all)
		}
		return err
	})
}
