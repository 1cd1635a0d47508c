package admin

import (
	"os"
	"time"

	"realtimelab/lessons/socketio/engineio"
)

// serverStats are the numbers of one server.
type serverStats struct {
	ServerID         string           `json:"serverId"`
	Hostname         string           `json:"hostname"`
	PID              int              `json:"pid"`
	Uptime           float64          `json:"uptime"` // of the process, in seconds
	Clients          int              `json:"clientsCount"`
	PollingClients   int              `json:"pollingClientsCount"`
	AggregatedEvents []aggregated     `json:"aggregatedEvents"`
	Namespaces       []namespaceStats `json:"namespaces"`
}

// aggregated says how often something has happened since the last report.
type aggregated struct {
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970, of a whole second
	Type      string `json:"type"`
	SubType   string `json:"subType,omitempty"` // the reason of a rawDisconnection
	Count     uint64 `json:"count"`             // in bytes for bytesIn and bytesOut
}

type namespaceStats struct {
	Name    string `json:"name"`
	Sockets int    `json:"socketsCount"`
}

// started is the time at which the process has started, or shortly after it.
var started = time.Now()

// stats returns the numbers of this server, and what has happened since the last call.
func (a *Admin) stats(now time.Time) serverStats {
	stats := a.io.Engine().Stats()
	s := serverStats{
		ServerID: a.config.ServerID, Hostname: hostname(), PID: os.Getpid(),
		Uptime:  now.Sub(started).Seconds(),
		Clients: stats.Open, PollingClients: stats.Polling,
		AggregatedEvents: happened(a.last, stats, now), Namespaces: []namespaceStats{},
	}
	a.last = stats
	for _, name := range a.io.Namespaces() {
		if n := a.io.Lookup(name); n != nil {
			s.Namespaces = append(s.Namespaces, namespaceStats{name, n.Len()})
		}
	}
	return s
}

// happened lists what has happened between two moments, under the names of the official server.
func happened(before, after engineio.Stats, now time.Time) []aggregated {
	list := []aggregated{}
	add := func(kind, subKind string, count uint64) {
		if count > 0 {
			list = append(list, aggregated{now.Truncate(time.Second).UnixMilli(), kind,
				subKind, count})
		}
	}
	add("rawConnection", "", after.Opened-before.Opened)
	add("packetsIn", "", after.Received-before.Received)
	add("bytesIn", "", after.ReceivedBytes-before.ReceivedBytes)
	add("packetsOut", "", after.Sent-before.Sent)
	add("bytesOut", "", after.SentBytes-before.SentBytes)
	for reason, count := range after.Closed {
		add("rawDisconnection", string(reason), count-before.Closed[reason])
	}
	return list
}
