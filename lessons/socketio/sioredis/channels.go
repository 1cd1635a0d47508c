package sioredis

import "strings"

// channels holds the Redis channels of one namespace. The official createAdapter names them like
// this:
//
//	socket.io#/chat#                  broadcasts
//	socket.io#/chat#room#             broadcasts to one room
//	socket.io-request#/chat#          requests to all servers
//	socket.io-response#/chat#         their responses
//	socket.io-response#/chat#UID#     responses for the server UID only
type channels struct {
	broadcast, request, response, own string

	pattern string // matches broadcast and the channels of all rooms
}

func newChannels(key, namespace, uid string) channels {
	c := channels{
		broadcast: key + "#" + namespace + "#",
		request:   key + "-request#" + namespace + "#",
		response:  key + "-response#" + namespace + "#",
	}
	c.own = c.responseTo(uid)
	c.pattern = literal.Replace(c.broadcast) + "*"
	return c
}

// literal escapes a namespace, whose name a client may choose, for use in a pattern.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

func (c channels) responseTo(uid string) string { return c.response + uid + "#" }

// broadcastTo returns the channel of a broadcast to these rooms.
func (c channels) broadcastTo(rooms []string) string {
	if len(rooms) == 1 {
		return c.broadcast + rooms[0] + "#"
	}
	return c.broadcast
}

// room returns the room that a channel is for. It returns false if the channel is for several rooms
// or for all, or belongs to another namespace.
func (c channels) room(channel string) (string, bool) {
	rest, ok := strings.CutPrefix(channel, c.broadcast)
	room, ok2 := strings.CutSuffix(rest, "#")
	return room, ok && ok2
}
