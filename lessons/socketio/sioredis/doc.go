// Package sioredis joins Socket.IO servers into a cluster over Redis: a
// broadcast on one reaches the clients of all, and so do FetchSockets,
// SocketsJoin, SocketsLeave, DisconnectSockets, EmitWithAck and ServerSideEmit.
// Nothing else in a program changes.
//
//	db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", MaxRetries: -1})
//	cluster := sioredis.New(sioredis.Config{Client: db})
//	io := sio.NewServer(sio.Config{Adapter: cluster.Adapter})
//
// The wire is that of @socket.io/redis-adapter 8 for Node, so that servers of both kinds may be in
// one cluster: with the same Key ("key" there), and with the default parser there. Its sharded
// adapter has another wire format, which this package does not speak.
//
// # What a client needs
//
// A client that begins with polling sends its requests to the server that has
// its session, or that server answers 400: have the load balancer send it there
// by a cookie (engineio.Config has one), or let clients use WebSocket alone.
//
// # What a message goes through
//
// Redis keeps no messages: it passes on each to the servers that listen at that
// moment, at most once. A server that cannot reach Redis goes on with its own
// clients, says so in the log, and is in the cluster again when Redis is back;
// what was sent meanwhile is lost to the other side. Each server's messages
// arrive everywhere in their order. Messages of two servers may arrive in either
// order: all sockets of one server see the same, and the sockets of another
// server perhaps a different one.
//
// # Limits
//
//   - Connection state recovery stays each server's own: a client that comes
//     back to the server it has left gets what it missed, broadcasts of other
//     servers included; a client that comes to another server begins again.
//   - A server does not say which of its clients have not answered a broadcast,
//     nor that one has gone. BroadcastWithAck waits for those until its timeout,
//     and MissingAnswersError counts them without a name. Of each answer, the first
//     value is passed on.
//   - A server-side event's answer is one value. Binary data in such events and
//     answers arrives as such, but from a Node server as what Buffer.toJSON
//     makes of it.
//   - The data that Socket.Set keeps is passed on as JSON. In it, bytes are base64
//     text from a Go server, and what Buffer.toJSON returns from a Node server.
//   - A Node server may have rooms that are numbers. They are text here, and a
//     broadcast from here does not reach the number there.
//   - Client must not be a redis.Ring, which would send each channel to another
//     Redis.
package sioredis
