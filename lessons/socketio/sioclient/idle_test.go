package sioclient_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// BenchmarkIdle measures the cost of one more idle client, its server's side included: the
// goroutines, and the bytes in use on heap and stacks.
func BenchmarkIdle(b *testing.B) {
	for _, transports := range [][]string{{"websocket"}, {"polling"}, {"polling", "websocket"}} {
		b.Run(transports[len(transports)-1]+" after "+transports[0], func(b *testing.B) {
			for b.Loop() {
				idle(b, transports)
			}
		})
	}
}

func idle(b *testing.B, transports []string) {
	const clients = 300
	_, url := serve(b, sio.Config{})
	inUse := func() (uint64, int) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse, runtime.NumGoroutine()
	}
	bytes, goroutines := inUse()
	sockets := make([]*sioclient.Socket, clients)
	for i := range sockets {
		s, err := sioclient.Dial(b.Context(), url, sioclient.Config{Transports: transports})
		require.NoError(b, err)
		sockets[i] = s
	}
	for _, s := range sockets {
		for s.Manager().Transport() != transports[len(transports)-1] {
			runtime.Gosched()
		}
	}
	bytesNow, goroutinesNow := inUse()
	b.ReportMetric(float64(bytesNow-bytes)/clients, "B/client")
	b.ReportMetric(float64(goroutinesNow-goroutines)/clients, "goroutines/client")
	for _, s := range sockets {
		s.Close()
	}
}
