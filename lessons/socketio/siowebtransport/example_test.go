package siowebtransport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"

	"github.com/quic-go/quic-go/http3"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siowebtransport"
)

// Example serves HTTP/3 with a self-signed certificate, and polls with a client that trusts it. A
// page passes the certificate's hash to the browser instead.
func Example() {
	cert, _, err := siowebtransport.NewCertificate("127.0.0.1")
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
	wt := siowebtransport.NewServer(io,
		siowebtransport.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	served := make(chan error)
	go func() { served <- wt.Serve(udp) }()

	trusted := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(cert.Certificate[0]) // it was made here
	trusted.AddCert(leaf)
	transport := &http3.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	res, err := (&http.Client{Transport: transport}).
		Get("https://" + udp.LocalAddr().String() + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Proto, res.Status)
	res.Body.Close()
	transport.Close()

	io.Close(context.Background()) // tells the clients
	wt.Close()
	<-served
	// Output: HTTP/3.0 200 OK
}

// ExampleDial connects a client over WebTransport. It trusts the certificate that was made here.
func ExampleDial() {
	cert, _, err := siowebtransport.NewCertificate("127.0.0.1")
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
	io := sio.NewServer(sio.Config{
		Engine: engineio.Config{Transports: []string{engineio.WebTransport}}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("hello", func(name string, ack sio.Ack) {
			ack("hello " + name + " over " + s.Conn().Transport())
		})
	})
	wt := siowebtransport.NewServer(io,
		siowebtransport.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	served := make(chan error)
	go func() { served <- wt.Serve(udp) }()

	trusted := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(cert.Certificate[0]) // it was made here
	trusted.AddCert(leaf)
	s, err := sioclient.Dial(context.Background(), "https://"+udp.LocalAddr().String(),
		sioclient.Config{
			Transports:       []string{sioclient.WebTransport},
			DialWebTransport: siowebtransport.Dial,
			TLS:              &tls.Config{RootCAs: trusted},
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := s.EmitWithAck(context.Background(), "hello", "ann")
	fmt.Println(answer.Any(0), err)
	s.Close()

	io.Close(context.Background())
	wt.Close()
	<-served
	// Output: hello ann over webtransport <nil>
}
