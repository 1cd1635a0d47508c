package siowebtransport_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siowebtransport"
)

// A server beside the HTTP server of the same port. The page is to know the hash.
func Example() {
	cert, hash, err := siowebtransport.NewCertificate("127.0.0.1", "localhost")
	if err != nil {
		fmt.Println(err)
		return
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer udp.Close()

	io := sio.NewServer(sio.Config{Engine: engineio.Config{
		Transports: []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
	}})
	io.OnConnection(func(s *sio.Socket) { s.Emit("hello", s.Conn().Transport()) })
	wt := siowebtransport.NewServer(io, siowebtransport.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	served := make(chan error)
	go func() { served <- wt.Serve(udp) }()

	fmt.Println(hash == sha256.Sum256(cert.Certificate[0]))
	io.Close(context.Background()) // tells the clients
	wt.Close()
	<-served
	// Output: true
}
