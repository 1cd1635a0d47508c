package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"realtimelab/internal/lang"
)

// clientsPerSource is the number of clients that connect from one address of this machine. The
// system has about 28,000 ports for connections to the same target, by default.
const clientsPerSource = 10_000

// A NotOwnedError says that a target is neither this machine nor in a private network.
type NotOwnedError struct {
	Host    string
	Address string
}

func (e *NotOwnedError) Error() string { return e.In(lang.English) }

// In returns the message in a language.
func (e *NotOwnedError) In(l lang.Lang) string {
	return fmt.Sprintf(l.Say(
		"%s is %s, which is neither this machine nor in a private network: load harms servers of "+
			"others; for a server of yours, add --i-own-this-server",
		"%s 是 %s，既不是本机，也不在私有网络里：负载会损害别人的服务器；"+
			"如果是你自己的服务器，请加 --i-own-this-server"), e.Host, e.Address)
}

// permitted reports whether load may be put on an address without asking.
func permitted(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// resolve returns the address to dial: the first of the host's that answers. All clients dial this
// one.
func (c *Config) resolve(ctx context.Context) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	port := c.target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.target.Scheme]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, lang.Errorf("%s: %s is not a port",
			"%s：%s 不是端口", c.URL, port)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", c.target.Hostname())
	if err != nil {
		return netip.AddrPort{}, lang.Errorf("cannot find the host of %s: %w",
			"找不到 %s 的主机：%w", c.URL, err)
	}
	var last error
	for _, a := range found {
		at := netip.AddrPortFrom(a.Unmap(), uint16(number))
		conn, err := c.dialer(at, 0).DialContext(ctx, "tcp", at.String())
		if err == nil {
			return at, conn.Close()
		}
		last = err
	}
	var notOwned *NotOwnedError
	if errors.As(last, &notOwned) {
		return netip.AddrPort{}, notOwned
	}
	return netip.AddrPort{}, lang.Errorf("no server answers at %s: %w",
		"%s 没有服务器应答：%w", c.URL, last)
}

// dialer returns a dialer for one client. It checks the address that is dialed, whatever a name
// resolved to.
func (c *Config) dialer(to netip.AddrPort, client int) *net.Dialer {
	d := &net.Dialer{Timeout: c.Timeout, KeepAlive: -1,
		Control: func(_, address string, conn syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if !c.Owned && !permitted(a.Addr()) {
				return &NotOwnedError{c.target.Hostname(), a.Addr().String()}
			}
			return nil
		}}
	if source := client / clientsPerSource; source > 0 && to.Addr().Is4() &&
		to.Addr().IsLoopback() && runtime.GOOS == "linux" {
		// all of 127.0.0.0/8 is this machine
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, byte(source>>8), byte(source)+1)}
	}
	return d
}

// dial connects one client, slow ones with a small receive buffer.
func (r *run) dial(ctx context.Context, client int, slow bool) (net.Conn, error) {
	conn, err := r.config.dialer(r.address, client).DialContext(ctx, "tcp", r.address.String())
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok && slow {
		_ = tcp.SetReadBuffer(4096)
	}
	return conn, nil
}

// checkFiles returns an error if the system permits too few open files for the clients.
func (c *Config) checkFiles() error {
	// one more for what a client on polling sends
	need := uint64(float64(c.Clients)*(1+c.Polling)) + 64
	if c.Profile == Connect {
		need = uint64(c.Arrivals*min(c.Stay+time.Second, c.Duration).Seconds()) + 64
	}
	limit, known := openFiles()
	if !known || need <= limit {
		return nil
	}
	return lang.Errorf(
		"the clients need %d open files, and this process may have %d: raise the limit with "+
			"\"ulimit -n %d\" (as root, or in /etc/security/limits.conf), or take fewer clients; "+
			"the server needs as many",
		"客户端需要 %d 个打开的文件，而本进程最多 %d 个：请用 \"ulimit -n %d\" 提高上限"+
			"（需要 root，或改 /etc/security/limits.conf），或减少客户端；服务器需要同样多",
		need, limit, max(65536, need))
}
