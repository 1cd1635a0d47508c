package xray

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
)

// handshakeGUID is the constant of RFC 6455 §1.3.
const handshakeGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// acceptSteps computes the required Sec-WebSocket-Accept (RFC 6455 §4.2.2) and compares it with the
// server's.
func acceptSteps(key, said string) ([]Step, *Text) {
	sum := sha1.Sum([]byte(key + handshakeGUID))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	steps := []Step{
		{say("1. the client's Sec-WebSocket-Key", "1. 客户端的 Sec-WebSocket-Key"),
			printable(key, shown)},
		{say("2. append the GUID that RFC 6455 fixes", "2. 接上 RFC 6455 规定的 GUID"),
			printable(key, shown) + handshakeGUID},
		{say("3. SHA-1 of that text, 20 bytes", "3. 对这段文本做 SHA-1，得到 20 字节"),
			hex.EncodeToString(sum[:])},
		{say("4. those bytes in base64", "4. 把这些字节写成 base64"), accept},
		{say("5. the server's Sec-WebSocket-Accept", "5. 服务器的 Sec-WebSocket-Accept"),
			printable(said, shown)},
	}
	if key != "" && said == accept {
		steps = append(steps, Step{say("they are equal: this server speaks WebSocket",
			"两者相等：这个服务器懂 WebSocket"), "✓"})
		return steps, nil
	}
	steps = append(steps, Step{say("they differ: the client must close the connection",
		"两者不同：客户端必须关闭连接"), "✗"})
	wrong := say("Sec-WebSocket-Accept should be %s", "Sec-WebSocket-Accept 应为 %s", accept)
	return steps, &wrong
}
