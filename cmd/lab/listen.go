package main

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"rsc.io/qr"
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

// printClassroom prints how to reach the demo from the local network.
func printClassroom(w io.Writer, port int) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.To4() == nil {
			continue
		}
		url := fmt.Sprintf("http://%s:%d", ip.IP, port)
		fmt.Fprintln(w, url)
		if code, err := qr.Encode(url, qr.M); err == nil {
			io.WriteString(w, halfBlocks(code))
		}
	}
}

// halfBlocks draws two rows of modules in one line of text.
func halfBlocks(code *qr.Code) string {
	var b strings.Builder
	for y := -2; y < code.Size+2; y += 2 {
		for x := -2; x < code.Size+2; x++ {
			b.WriteString([]string{"█", "▄", "▀", " "}[cell(code, x, y)*2+cell(code, x, y+1)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func cell(code *qr.Code, x, y int) int {
	if code.Black(x, y) {
		return 1
	}
	return 0
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
