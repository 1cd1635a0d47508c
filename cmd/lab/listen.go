package main

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"

	"realtimelab/internal/tui"
)

// nextPorts is how many ports after the default one are tried.
const nextPorts = 100

// listen opens the i-th demo's listener: an address given by hand is taken as
// it is for the first, and the next ports for those that follow.
func (o runOptions) listen(i int) (net.Listener, error) {
	hostname, portText, err := net.SplitHostPort(o.addr)
	if err != nil {
		return nil, fmt.Errorf("--addr %q: want HOST:PORT", o.addr)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("--addr %q: no such port", o.addr)
	}
	if o.lan && !o.addrByHand {
		hostname = "0.0.0.0"
	}
	if port == 0 {
		return net.Listen("tcp", net.JoinHostPort(hostname, "0"))
	}
	tries := nextPorts
	if o.addrByHand {
		tries, port = 1, port+i
	}
	for p := port; p < port+tries && p <= 65535; p++ {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(hostname, strconv.Itoa(p))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", net.JoinHostPort(hostname, strconv.Itoa(port)), err)
}

// urlOf is where a browser on this machine finds a listener.
func urlOf(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + addr.String()
}

// classroom are the URLs of a port on the local network.
func classroom(port int) (urls []string) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			urls = append(urls, fmt.Sprintf("http://%s:%d", ip.IP, port))
		}
	}
	return urls
}

// printClassroom prints how to reach the demo from the local network.
func printClassroom(w io.Writer, port int, drawn bool) {
	for _, url := range classroom(port) {
		fmt.Fprintln(w, url)
		if !drawn {
			continue
		}
		if code, err := tui.QR(url); err == nil {
			io.WriteString(w, code)
		}
	}
}

func openBrowser(url string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", url).Start()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", url).Start()
	}
	return exec.Command("xdg-open", url).Start()
}
