//go:build exercise

package acceptkey_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/accept-key"
)

// handshake returns a request as a browser sends it, with these lines of Connection.
func handshake(key string, connection ...string) *http.Request {
	return &http.Request{Method: "GET", Host: "lab.example", Header: http.Header{
		"Upgrade": {"websocket"}, "Connection": connection, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {key},
	}}
}

func sum(text string) []byte {
	s := sha1.Sum([]byte(text))
	return s[:]
}

// mistakes are the answers that come out when one step is done differently. The bug of the starter
// is left to the student.
func mistakes(key string) map[string][2]string {
	raw, _ := base64.StdEncoding.DecodeString(key) // the check's own keys are valid
	b64 := base64.StdEncoding.EncodeToString
	right := sum(key + Magic)
	return map[string][2]string{
		"": {"The answer has no Sec-WebSocket-Accept.",
			"应答里没有 Sec-WebSocket-Accept。"},
		key: {
			"This is the key itself: it has to be answered, not repeated.",
			"这就是握手密钥本身：应答不能只是重复它。"},
		b64(sum(key)): {
			"The magic text is missing: this is the SHA-1 of the key " +
				"alone, which any server might send.",
			"少了那段固定文本：这是单独对握手密钥求的 SHA-1，任何服务器都可能碰巧发出来。"},
		b64(sum(Magic + key)): {
			"The magic text goes after the key, not before it.",
			"固定文本接在握手密钥后面，不是前面。"},
		b64(sum(string(raw) + Magic)): {
			"The key was decoded first: it is joined as the text that stands in the header.",
			"握手密钥被先解码了：应该按头部里的文本原样拼接。"},
		hex.EncodeToString(right): {
			"The sum is right, but written in hex: the header carries the 20 bytes in base64.",
			"摘要是对的，却写成了十六进制：头部里放的是这 20 个字节的 base64。"},
		b64([]byte(hex.EncodeToString(right))): {
			"This is the base64 of the hex digits: encode the 20 bytes themselves.",
			"这是十六进制文本的 base64：要编码的是那 20 个字节本身。"},
		base64.RawStdEncoding.EncodeToString(right): {
			"The = at the end is missing: 20 bytes need one.", "结尾少了 =：20 个字节需要一个。"},
	}
}

// accepts fails unless the request gets 101 and the three headers.
func accepts(t *testing.T, r *http.Request, en, zh string) {
	t.Helper()
	status, header := Answer(r)
	check.Value(t, "status", status, 101, en, zh)
	key := r.Header.Get("Sec-WebSocket-Key")
	got, want := header.Get("Sec-WebSocket-Accept"),
		base64.StdEncoding.EncodeToString(sum(key+Magic))
	if known, ok := mistakes(key)[got]; ok && got != want {
		check.Value(t, "Sec-WebSocket-Accept", got, want, known[0], known[1])
	}
	check.Value(t, "Sec-WebSocket-Accept", got, want,
		"The browser computed this value too, and refuses the connection: the two are not the "+
			"same. Lay one above the other. Which characters differ?",
		"浏览器自己也算了这个值，两个不一样，于是拒绝连接。把它们上下对齐：哪些字符不同？")
	for name, want := range map[string]string{"Upgrade": "websocket", "Connection": "upgrade"} {
		check.Value(t, name, strings.ToLower(header.Get(name)), want,
			"The browser also wants this header in the answer, as it was.",
			"浏览器还要求应答里有这个头部，像原来那样。")
	}
}

// The keys' accept values contain - or _ when written in the other base64, except the first.
var keys = []string{
	"x3JJHMbDL1EzLkh9GBhXDw==", "dGhlIHNhbXBsZSBub25jZQ==", "TsSQ5DgbmHqVrONCbRtuIg==",
	"Lm0TTSUXTvMSyFIaHr0Gfw==",
	"AAAAAAAAAAAAAAAAAAAAAA==", "/////////////////////w==", "AQIDBAUGBwgJCgsMDQ4PEA==",
}

func TestOneBrowser(t *testing.T) {
	accepts(t, handshake(keys[0], "Upgrade"), "Handshake A, which used to work, is refused.",
		"握手 A 原来是好的，现在被拒绝了。")
}

func TestSecondTry(t *testing.T) {
	for _, key := range keys[1:] {
		accepts(t, handshake(key, "Upgrade"),
			"The same browser tries again with another key, and is refused.",
			"同一个浏览器换了一个握手密钥再试，就被拒绝了。")
	}
}

func TestOtherBrowsers(t *testing.T) {
	accepts(t, handshake(keys[2], "keep-alive, Upgrade"),
		"Firefox sends Connection: keep-alive, Upgrade, and does not get in.",
		"Firefox 发的是 Connection: keep-alive, Upgrade，连不进来。")
	accepts(t, handshake(keys[3], "upgrade"),
		"nginx passes the handshake on with Connection: upgrade, and the "+
			"browser behind it does not get in.",
		"nginx 转发握手时写的是 Connection: upgrade，后面的浏览器连不进来。")
	accepts(t, handshake(keys[3], "Upgrade,keep-alive"),
		"A client sends Connection: Upgrade,keep-alive, without a space, and does not get in.",
		"有个客户端发的是 Connection: Upgrade,keep-alive，逗号后没有空格，连不进来。")
	accepts(t, handshake(keys[3], "keep-alive", "Upgrade"),
		"A proxy has written two lines, Connection: keep-alive and Connection: Upgrade, and the "+
			"client does not get in. Which line does Header.Get return?",
		"代理把它写成了两行：Connection: keep-alive 和 Connection: Upgrade，"+
			"客户端连不进来。Header.Get 返回的是哪一行？")
	r := handshake(keys[0], "Upgrade")
	r.Header["Upgrade"] = []string{"WebSocket"}
	accepts(t, r, "An older client writes Upgrade: WebSocket, with capitals, and does not get in.",
		"一个较老的客户端写的是 Upgrade: WebSocket，有大写字母，连不进来。")
}

// refuses fails unless the request gets 400.
func refuses(t *testing.T, r *http.Request, en, zh string) {
	t.Helper()
	status, _ := Answer(r)
	check.Value(t, "status", status, 400, en, zh)
}

func TestNoHandshake(t *testing.T) {
	refuses(t, handshake(keys[0], "keep-alive"),
		"Connection: keep-alive asks for no upgrade, and the server upgraded: a "+
			"proxy in between still expects HTTP.",
		"Connection: keep-alive 没有要求升级，服务器却升级了：中间的代理还在等 HTTP。")
	refuses(t, handshake(keys[0]), "There is no Connection header at all, and the server upgraded.",
		"根本没有 Connection 头部，服务器却升级了。")
	refuses(t, handshake(keys[0], "x-no-upgrade"),
		"Connection: x-no-upgrade names a header of that name, and the server took it for "+
			"upgrade: compare whole entries.",
		"Connection: x-no-upgrade 指的是叫这个名字的头部，"+
			"服务器却当成了 upgrade：要比较完整的一项。")
	r := handshake(keys[0], "Upgrade")
	r.Header["Upgrade"] = []string{"h2c"}
	refuses(t, r, "Upgrade: h2c asks for HTTP/2, and was answered with a WebSocket.",
		"Upgrade: h2c 要的是 HTTP/2，得到的却是 WebSocket。")
	delete(r.Header, "Upgrade")
	refuses(t, r, "Without Upgrade nothing is to be upgraded to.",
		"没有 Upgrade，就没有要升级到的协议。")
}

func TestVersion(t *testing.T) {
	r := handshake(keys[0], "keep-alive, Upgrade")
	r.Header.Set("Sec-WebSocket-Version", "8")
	status, header := Answer(r)
	check.Value(t, "status", status, 426,
		"A client of version 8 asks: 426 tells it that the server wants another.",
		"版本 8 的客户端来握手：用 426 告诉它服务器要别的版本。")
	check.Value(t, "Sec-WebSocket-Version", header.Get("Sec-WebSocket-Version"), "13",
		"The answer to version 8 must name the version that the server speaks.",
		"对版本 8 的应答要写出服务器用的版本。")
}
