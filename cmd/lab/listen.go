package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/qr"
)

// nextPorts is the number of further ports that are tried if the default port is taken.
const nextPorts = 100

// listen opens the listener of the i-th demo. The first demo gets exactly the address that the user
// gave, and later demos get the ports that follow.
func (o runOptions) listen(i int) (net.Listener, error) {
	hostname, portText, err := net.SplitHostPort(o.addr)
	if err != nil {
		return nil, usagef("--addr %q: want HOST:PORT",
			"--addr %q：应为 HOST:PORT", o.addr)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return nil, usagef("--addr %q: no such port",
			"--addr %q：没有这个端口", o.addr)
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
	return nil, lang.Errorf("cannot listen on %s: %w",
		"无法监听 %s：%w",
		net.JoinHostPort(hostname, strconv.Itoa(port)), err)
}

// addAllowHost adds the flag for host names that the lab cannot know, such as those of a reverse
// proxy, a tunnel or the hosts file.
func addAllowHost(c *cobra.Command, names *[]string) {
	c.Flags().StringSliceVar(names, "allow-host", nil,
		"also answer to this host name, besides the printed addresses")
}

// hosts returns the names that a server answers to: the host of its address, and those of
// --allow-host.
func hosts(addr string, allowed []string) []string {
	if hostname, _, err := net.SplitHostPort(addr); err == nil && hostname != "" {
		return append([]string{hostname}, allowed...)
	}
	return allowed
}

// notePort logs a line if listen chose a port other than the default.
func (o runOptions) notePort(language lang.Lang, i int, got *net.TCPAddr) {
	if note := o.portNote(i, got); note != (lang.Text{}) {
		fmt.Fprintln(o.log, "lab:", note.In(cmp.Or(language, environmentLang())))
	}
}

// portNote returns a text that says that the default port was taken, or "" if it was not.
func (o runOptions) portNote(i int, got *net.TCPAddr) lang.Text {
	_, wanted, _ := net.SplitHostPort(o.addr)
	if i > 0 || o.addrByHand || wanted == strconv.Itoa(got.Port) {
		return lang.Text{}
	}
	return lang.Text{
		EN: fmt.Sprintf("port %s is taken: using port %d instead", wanted, got.Port),
		ZH: fmt.Sprintf("端口 %s 已被占用，改用 %d", wanted, got.Port),
	}
}

// urlOf returns the URL to print for a listener. If the listener is open to the network, others can
// open the URL.
func (o runOptions) urlOf(addr *net.TCPAddr) string {
	if urls := o.joinURLs(addr); len(urls) > 0 {
		return urls[0]
	}
	return o.localURL(addr)
}

// localURL returns a listener's URL for a browser on this machine. Browsers treat a loopback
// address as a secure origin, so pages may use features such as the clipboard.
func (o runOptions) localURL(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("%s://127.0.0.1:%d", o.scheme(), addr.Port)
	}
	return o.scheme() + "://" + addr.String()
}

// classroom returns the URLs of a port on the local network.
func (o runOptions) classroom(port int) (urls []string) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			urls = append(urls, fmt.Sprintf("%s://%s:%d", o.scheme(), ip.IP, port))
		}
	}
	return urls
}

// joinURLs returns the URLs of a listener that is open to the local network.
func (o runOptions) joinURLs(addr *net.TCPAddr) []string {
	if !addr.IP.IsUnspecified() {
		return nil
	}
	return o.classroom(addr.Port)
}

// printClassroom prints the URLs of a demo on the local network.
func (o runOptions) printClassroom(port int) {
	for _, url := range o.classroom(port) {
		fmt.Fprintln(o.log, url)
		if o.accessible {
			continue
		}
		if code, err := qr.Terminal(url); err == nil {
			io.WriteString(o.log, code)
		}
	}
}

// browserTime is how long to wait for an opener to fail. An opener that runs longer is the browser
// itself.
const browserTime = 3 * time.Second

// openBrowser opens url in the user's browser. It returns an error if there is no opener, or if the
// opener fails.
func openBrowser(url string) error {
	opener := []string{"xdg-open", url}
	switch runtime.GOOS {
	case "darwin":
		opener = []string{"open", url}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	}
	c := exec.Command(opener[0], opener[1:]...)
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", opener[0], err)
		}
	case <-time.After(browserTime):
	}
	return nil
}

// openOrPrint opens url in the browser, or prints it if that fails.
func openOrPrint(w io.Writer, url string, l lang.Lang) {
	if err := openBrowser(url); err != nil {
		fmt.Fprintf(w, l.Say("lab: cannot open a browser (%s): open %s\n",
			"lab: 无法打开浏览器（%s）：请打开 %s\n"), lang.Message(err, l), url)
	}
}
