// Command server answers Socket.IO over a WebSocket.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	address := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fmt.Println("http://" + address)
	fmt.Println(http.ListenAndServe(address, Handler()))
}

// Handler is the server.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/socket.io/", func(w http.ResponseWriter, r *http.Request) {
		reader, conn, ok := shakeHands(w, r)
		if !ok {
			return
		}
		defer conn.Close()
		if writeFrame(conn, 1, []byte(open(rand.Text(), ""))) != nil {
			return
		}
		c := client{send: func(packet string) bool {
			return writeFrame(conn, 1, []byte(packet)) == nil
		}}
		packets(reader, conn, c.receive)
	})
	return mux
}

// client is one connection.
type client struct {
	send   func(packet string) bool
	joined bool // the main namespace, the only one here
}

// receive handles one Engine.IO packet; false ends the connection.
func (c *client) receive(packet string) bool {
	switch {
	case packet == "3": // a pong
		return true
	case strings.HasPrefix(packet, "40/"):
		namespace, _, _ := strings.Cut(packet[2:], ",")
		return c.send("44" + namespace + `,{"message":"Invalid namespace"}`)
	case strings.HasPrefix(packet, "40") && !c.joined:
		c.joined = true
		return c.send(fmt.Sprintf(`40{"sid":%q}`, rand.Text()))
	case strings.HasPrefix(packet, "42") && c.joined:
		return c.event(packet[2:])
	}
	return false
}

// event answers "ferret" if it asks for an answer.
func (c *client) event(text string) bool {
	id, data, found := strings.Cut(text, "[")
	if !found || !strings.HasPrefix(data, `"ferret"`) || id == "" {
		return found
	}
	return c.send("43" + id + `["woot"]`)
}

// packets reads the messages of a client, until it is gone, and answers pings and the goodbye.
func packets(r io.Reader, w io.Writer, each func(packet string) bool) {
	for {
		_, op, payload, err := readFrame(r)
		switch {
		case err != nil:
			return
		case op == 8:
			_ = writeFrame(w, 8, payload[:min(2, len(payload))]) // the end, either way
			return
		case op == 9:
			err = writeFrame(w, 10, payload)
		case op == 1 && !each(string(payload)):
			return
		}
		if err != nil {
			return
		}
	}
}

func open(sid string, upgrades string) string {
	return fmt.Sprintf(
		`0{"sid":%q,"upgrades":[%s],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
		sid, upgrades)
}

// shakeHands answers the handshake and takes the connection over.
func shakeHands(w http.ResponseWriter, r *http.Request) (*bufio.ReadWriter, net.Conn, bool) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "this is a WebSocket endpoint", http.StatusUpgradeRequired)
		return nil, nil, false
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			http.Error(w, "another origin", http.StatusForbidden)
			return nil, nil, false
		}
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, nil, false
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") +
		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	return buffered, conn, true
}

var errUnmasked = errors.New("a client's frame must be masked")

// readFrame reads one frame of a client.
func readFrame(r io.Reader) (fin bool, opcode byte, payload []byte, err error) {
	var head [14]byte
	if _, err = io.ReadFull(r, head[:2]); err != nil {
		return
	}
	if head[1]&0x80 == 0 {
		return false, 0, nil, errUnmasked
	}
	n := uint64(head[1] & 0x7f)
	extra := map[uint64]int{126: 2, 127: 8}[n]
	if _, err = io.ReadFull(r, head[2:2+extra+4]); err != nil {
		return
	}
	switch n {
	case 126:
		n = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		n = binary.BigEndian.Uint64(head[2:])
	}
	if n > 1<<20 {
		return false, 0, nil, errors.New("too large")
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	for i := range payload {
		payload[i] ^= head[2+extra+i%4]
	}
	return head[0]&0x80 != 0, head[0] & 0x0f, payload, err
}

// writeFrame writes one whole message.
func writeFrame(w io.Writer, opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, byte(n))
	case n <= 65535:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	_, err := w.Write(append(frame, payload...))
	return err
}
