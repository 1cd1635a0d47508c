// Command server is a WebSocket echo, without a library.
package main

import (
	"bufio"
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
	mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
		if reader, conn, ok := shakeHands(w, r); ok {
			defer conn.Close()
			echo(reader, conn)
		}
	})
	return mux
}

// echo sends each message back, until the close frame.
func echo(r io.Reader, w io.Writer) {
	var opcode byte // of the message that is under way
	var message []byte
	for {
		fin, op, payload, err := readFrame(r)
		if err != nil {
			_ = writeFrame(w, 8, []byte{0x03, 0xea}) // 1002; the connection may be gone already
			return
		}
		switch op {
		case 8:
			_ = writeFrame(w, 8, payload[:min(2, len(payload))]) // the end, either way
			return
		case 9:
			err = writeFrame(w, 10, payload)
		case 0, 1, 2:
			if op != 0 {
				opcode, message = op, nil
			}
			message = append(message, payload...)
			if fin {
				err = writeFrame(w, opcode, message)
			}
		}
		if err != nil {
			return
		}
	}
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
		"HTTP/1.1 101 Switching Protocols\r\n"+
			"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
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
