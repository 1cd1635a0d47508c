// Package connect is a client of Socket.IO, WebSocket and server-sent events for people and
// scripts: `lab connect`.
//
// A Session has one connection, and runs the commands of package command. Everything that happens
// goes into its Log in order. The x-ray reads the bytes of its connections. A failure is a
// *Failure, with the exit status of the program and a hint.
package connect
