// Package event holds what the Socket.IO server (package sio) and client (package sioclient) share:
// the way from a packet to the program's functions, and back from a value to a packet.
//
// A socket has Listeners, where On adds a Handler: a func whose parameters are the arguments of the
// event. Its Inbox runs the handlers one at a time. Dispatch decodes the Args of an Event, calls
// the handlers and gives them an Ack to answer with. Acks holds the events that await the
// acknowledgement of the other side.
//
// A program meets this package in Args and Ack, to which sio and sioclient give the same names, and
// an adapter for a cluster in NewArgs and NewAck. The rest is for those two packages.
//
// Values are written and read as encoding/json does: see "How values are written" in package sio.
package event
