// Package sioredis joins Socket.IO servers into a cluster over Redis: a
// broadcast on one reaches the clients of all, and so do FetchSockets,
// SocketsJoin, SocketsLeave, DisconnectSockets, EmitWithAck and ServerSideEmit.
// Nothing else in a program changes.
//
//	db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", MaxRetries: -1})
//	cluster := sioredis.New(sioredis.Config{Client: db})
//	io := sio.NewServer(sio.Config{Adapter: cluster.Adapter})
//
// A program without clients emits with an [Emitter].
//
// # Three adapters
//
// Each speaks the wire format of an official adapter for Node, so that servers of both kinds may be
// in one cluster. All servers of a cluster have the same adapter.
//
//   - Pub/Sub is the default. It is createAdapter of @socket.io/redis-adapter 8 with its default
//     parser; Config.Key is its option "key". Every server receives every broadcast, and drops
//     those to rooms that have no member there.
//   - Config.Sharded is createShardedAdapter of that package, for Redis 7: Redis sends a broadcast
//     to one room only to the servers with a member in that room. A Redis Cluster handles it on one
//     node.
//   - Config.Streams is @socket.io/redis-streams-adapter 0.3: Redis keeps the newest broadcasts.
//
// # What a client needs
//
// A client that begins with polling must reach the server that has its session with every request;
// another server answers 400. Either configure sticky sessions in the load balancer
// (engineio.Config has a cookie for it), or let clients use WebSocket alone.
//
// # Delivery
//
// Pub/Sub delivers at most once: Redis keeps no messages, and sends each to the servers that are
// subscribed at that moment. A server that cannot reach Redis logs an error, goes on with its own
// clients, and rejoins the cluster when Redis is back. Messages sent in between do not reach the
// other servers. The messages of one server arrive everywhere in the order sent. Messages of two
// servers may arrive in either order: it is the same for all sockets of one server, but may differ
// between servers.
//
// A stream keeps the broadcasts, and the changes to rooms and connections. Every server reads them
// in the stream's order, and resumes where it stopped after an outage. While Redis is unreachable,
// a server keeps new entries for RequestTimeout. After that only its own clients get them, and the
// log counts them as lost. If Redis's reply to a write is lost, the server looks for the entry in
// the stream before it adds it again. Requests and their responses go through Pub/Sub.
//
// # Recovery across servers
//
// With Config.Streams and sio.Config.Recovery, a client may reconnect to any server of the cluster,
// and gets each missed event once and in order. Its offset is the id of an entry in the stream, and
// its session is kept in Redis. A server sends an event to its clients once the stream has given
// the event an offset. So all servers send all events in the same order, one round trip to Redis
// later. An event goes to the sockets that were in its rooms at the time of Emit. Acknowledgements,
// volatile events and EmitWithAck do not wait for the stream, and may overtake it. After a change
// of server, the values of Socket.Set come from JSON: every number is a float64.
//
// # Limits
//
//   - Without Config.Streams, each server recovers its own connections. A client that reconnects to
//     the same server gets the events that it missed, including broadcasts of other servers; on
//     another server it starts a new session.
//   - A client can recover while the stream holds the last packet that it received: see MaxLen. It
//     starts a new session if it reconnects before its old server has noticed the disconnection.
//   - An official Node server sends its own broadcasts at once, before it has read earlier ones of
//     other servers. A client that leaves such a server at that moment may miss an event or get one
//     twice.
//   - A server does not tell the others which of its clients have not acknowledged a broadcast, or
//     that one has disconnected. BroadcastWithAck waits for them until its timeout, and
//     MissingAnswersError counts them without ids. Only the first value of each acknowledgement
//     reaches another server.
//   - The answer to a server-side event is one value. Binary data in such events and answers stays
//     binary, except from a Node server with the default adapter: it sends the output of
//     Buffer.toJSON.
//   - The data of Socket.Set goes to other servers as JSON. Bytes in it are base64 text from a Go
//     server, and the output of Buffer.toJSON from a Node server.
//   - A Node server may name a room with a number. Here that name is text, and a broadcast from
//     here to the text does not reach the number there.
//   - When a Redis Cluster moves a slot, the servers subscribe to its channels again on the new
//     node. They miss messages that are published there before. The log counts messages that no
//     server received. A stream moves without loss.
//   - A *redis.ClusterClient sends a message again after a network error, even with MaxRetries -1,
//     so a message may arrive twice. MaxRedirects -1 prevents that, but then messages to a node
//     that a slot has just left are lost.
//   - Client must not be a redis.Ring, which would send each channel to another
//     Redis.
package sioredis
