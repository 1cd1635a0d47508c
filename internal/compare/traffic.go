package compare

import "realtimelab/internal/meter"

// traffic counts the bytes and requests of connections, both ways.
type traffic struct{ bytes, headers, requests, connections float64 }

func between(before, after meter.Counts) traffic {
	return traffic{
		bytes: float64(after.In - before.In + after.Out - before.Out),
		headers: float64(
			after.HeadersIn - before.HeadersIn + after.HeadersOut - before.HeadersOut),
		requests:    float64(after.Requests - before.Requests),
		connections: float64(after.Connections - before.Connections),
	}
}

// whole returns the traffic of the delivered messages between two snapshots: the clients' traffic,
// and the upload of a sender beside them. The sender may also receive messages; heard is their
// number. Their traffic is subtracted, at the clients' mean, because these deliveries are not part
// of the workload. The headers are subtracted from the headers, and the rest from the rest, so that
// one of them cannot come out below the clients' own.
func whole(before, after Snapshot, delivered, heard int) traffic {
	clients, beside := between(before.Counts, after.Counts), between(before.Beside, after.Beside)
	share := float64(heard) / float64(max(delivered, 1))
	plus := func(clients, beside float64) float64 { return clients + max(0, beside-share*clients) }
	headers := plus(clients.headers, beside.headers)
	return traffic{
		bytes:       headers + plus(clients.bytes-clients.headers, beside.bytes-beside.headers),
		headers:     headers,
		requests:    plus(clients.requests, beside.requests),
		connections: plus(clients.connections, beside.connections),
	}
}
