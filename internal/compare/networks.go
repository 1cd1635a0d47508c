package compare

import (
	"log/slog"
	"net"
	"sync"

	"realtimelab/internal/netsim"
)

// networks are the simulated networks of a turn, one before each client.
type networks []*netsim.Front

// simulate starts networks to a server, whose HOST:PORT is target, over TCP or UDP.
func simulate(link netsim.Link, clients int, target string, udp bool,
	seed uint64) (networks, error) {
	var all networks
	for i := range clients {
		c := netsim.Config{Target: target, Link: link, Seed: seed + uint64(i)<<8,
			Log: slog.New(slog.DiscardHandler)}
		var err error
		if udp {
			c.UDP, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		} else {
			c.Listener, err = net.Listen("tcp", "127.0.0.1:0")
		}
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, netsim.Start(c))
	}
	return all, nil
}

// counters returns the packets of all clients so far.
func (n networks) counters() (sum netsim.Counters) {
	for _, f := range n {
		c := f.Counters()
		sum = netsim.Counters{Packets: sum.Packets + c.Packets, Bytes: sum.Bytes + c.Bytes,
			Lost: sum.Lost + c.Lost}
	}
	return sum
}

// set changes what the networks do to later packets.
func (n networks) set(link netsim.Link) {
	for _, f := range n {
		f.Set(link)
	}
}

func (n networks) close() {
	var all sync.WaitGroup
	for _, f := range n {
		all.Go(func() { _ = f.Close() })
	}
	all.Wait()
}
