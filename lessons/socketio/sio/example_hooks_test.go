package sio_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// Metrics in the text format of Prometheus. The reasons are a closed list, so they can be a label;
// the names of received events are not.
func ExampleHooks() {
	var metrics expvar.Map
	ended := make(chan bool, 1)
	io := sio.NewServer(sio.Config{Hooks: sio.Hooks{
		Connected: func(sio.Conn) { metrics.Add("clients", 1) },
		Disconnected: func(_ sio.Conn, reason sio.Reason, err error) {
			metrics.Add("clients", -1)
			metrics.Add(fmt.Sprintf("disconnects_total{reason=%q}", reason), 1)
			if errors.Is(err, engineio.ErrSlowClient) {
				metrics.Add("slow_clients_total", 1)
			}
			ended <- true
		},
		Received: func(_ *sio.Socket, _ string, size int) {
			metrics.Add("received_events_total", 1)
			metrics.Add("received_bytes_total", int64(size))
		},
		Sent: func(_ *sio.Namespace, _ string, size, sockets int) {
			metrics.Add("sent_events_total", int64(sockets))
			metrics.Add("sent_bytes_total", int64(size*sockets))
		},
	}})
	scrape := func(w http.ResponseWriter, _ *http.Request) {
		metrics.Do(func(m expvar.KeyValue) { fmt.Fprintf(w, "socketio_%s %s\n", m.Key, m.Value) })
	}

	io.OnConnection(func(s *sio.Socket) {
		s.On("echo", func(text string, ack sio.Ack) {
			s.Emit("echo", text)
			ack()
		})
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(context.Background())
	s, err := sioclient.Dial(context.Background(), web.URL, sioclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s.EmitWithAck(context.Background(), "echo", "hello")
	s.Close()
	<-ended
	answer := httptest.NewRecorder()
	scrape(answer, nil)
	fmt.Print(answer.Body)
	// Output:
	// socketio_clients 0
	// socketio_disconnects_total{reason="transport close"} 1
	// socketio_received_bytes_total 16
	// socketio_received_events_total 1
	// socketio_sent_bytes_total 16
	// socketio_sent_events_total 1
}
