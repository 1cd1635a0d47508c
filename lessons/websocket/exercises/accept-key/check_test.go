//go:build exercise

package acceptkey_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/accept-key"
)

func sum(text string) []byte {
	s := sha1.Sum([]byte(text))
	return s[:]
}

// mistakes are answers that come out when one step is done differently.
func mistakes(key string) map[string][2]string {
	raw, _ := base64.StdEncoding.DecodeString(key) // the check's own keys are right
	b64 := base64.StdEncoding.EncodeToString
	right := sum(key + Magic)
	return map[string][2]string{
		key:                                         {"This is the key itself: it has to be answered, not repeated.", "这就是 key 本身：要的是回答，不是重复。"},
		b64(sum(key)):                               {"The magic text is missing: this is the SHA-1 of the key alone, which anybody might send.", "少了那段固定文本：这是单独对 key 求的 SHA-1，谁都可能发出来。"},
		b64(sum(Magic + key)):                       {"The magic text goes after the key, not before it.", "固定文本接在 key 后面，不是前面。"},
		b64(sum(string(raw) + Magic)):               {"The key was decoded first: it is joined as the text that stands in the header.", "key 被先解码了：应该按头部里的文本原样拼接。"},
		hex.EncodeToString(right):                   {"The sum is right, but written in hex: the header carries the 20 bytes in base64.", "摘要是对的，却写成了十六进制：头部里放的是这 20 个字节的 base64。"},
		b64([]byte(hex.EncodeToString(right))):      {"This is the base64 of the hex digits: encode the 20 bytes themselves.", "这是十六进制文本的 base64：要编码的是那 20 个字节本身。"},
		base64.URLEncoding.EncodeToString(right):    {"This is the base64 for URLs, with - and _: the header uses the standard one, with + and /.", "这是 URL 用的 base64，里面是 - 和 _：头部用的是标准的，里面是 + 和 /。"},
		base64.RawStdEncoding.EncodeToString(right): {"The = at the end is missing: 20 bytes need one.", "结尾少了 =：20 个字节需要一个。"},
	}
}

func TestTheExampleOfTheRFC(t *testing.T) {
	for key, want := range map[string]string{"dGhlIHNhbXBsZSBub25jZQ==": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="} {
		answer(t, key, want)
	}
}

func TestAnotherKey(t *testing.T) {
	key := "x3JJHMbDL1EzLkh9GBhXDw=="
	answer(t, key, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=")
}

func answer(t *testing.T, key, want string) {
	t.Helper()
	got := Accept(key)
	if known, ok := mistakes(key)[got]; ok && got != want {
		check.Value(t, "Sec-WebSocket-Accept", got, want, known[0], known[1])
	}
	check.Value(t, "Sec-WebSocket-Accept", got, want, "The browser computes the same, compares, and hangs up if it differs (RFC 6455, 4.2.2).",
		"浏览器会做同样的计算，一比较不一样就挂断（RFC 6455，4.2.2）。")
}
