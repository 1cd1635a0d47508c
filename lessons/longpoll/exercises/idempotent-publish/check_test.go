//go:build exercise

package idempotentpublish_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/idempotent-publish"
)

// log keeps the messages. during runs inside the first Append.
type log struct {
	mu     sync.Mutex
	texts  []string
	during func()
}

func (l *log) Append(from, text string) Message {
	l.mu.Lock()
	l.texts = append(l.texts, from+": "+text)
	m := Message{ID: int64(len(l.texts)), From: from, Text: text}
	during := l.during
	l.during = nil
	l.mu.Unlock()
	if during != nil {
		during()
	}
	return m
}

func (l *log) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%q", l.texts)
}

func request(key, body string) *http.Request {
	r := httptest.NewRequest("POST", "/messages", strings.NewReader(body))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

func body(from, text string) string {
	b, _ := json.Marshal(map[string]string{"from": from, "text": text})
	return string(b)
}

// post sends a message, and returns the status and the body of the answer.
func post(p *Publisher, key, from, text string) (int, string) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, request(key, body(from, text)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestOneRequest(t *testing.T) {
	l := &log{}
	status, answer := post(NewPublisher(l), "k1", "ann", "hi")
	check.Value(t, "status", status, http.StatusCreated, "A new message is answered with 201.",
		"新消息的应答是 201。")
	check.Wire(t, check.Chars, []byte(answer), []byte(`{"id":1,"from":"ann","text":"hi"}`),
		"The answer is the message with its id.", "应答是带编号的消息。")
	check.Value(t, "log", l.all(), `["ann: hi"]`, "One request appends one message.",
		"一个请求追加一条消息。")
}

// broken is a ResponseWriter whose client is gone.
type broken struct{ http.ResponseWriter }

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestRepeated: the answer of the first request is lost, and the request comes twice more.
func TestRepeated(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	p.ServeHTTP(broken{httptest.NewRecorder()}, request("k1", body("ann", "hi")))
	post(p, "k2", "bob", "hello")
	for range 2 {
		status, answer := post(p, "k1", "ann", "hi")
		check.Value(t, "log", l.all(), `["ann: hi" "bob: hello"]`,
			"The answer was lost, the client sent the request again with the same key, and "+
				"everybody reads the message twice.",
			"应答丢了，客户端用同一个键重发请求，于是所有人都读到了两遍。")
		check.Value(t, "status of the repeated request", status, http.StatusCreated,
			"The client sends a request again because it does not know what happened. For it the "+
				"message is new: the same status as the first time.",
			"客户端重发，是因为不知道上次结果如何。对它来说这条消息是新的：状态码要和第一次一样。")
		check.Wire(t, check.Chars, []byte(answer), []byte(`{"id":1,"from":"ann","text":"hi"}`),
			"A repeated request gets the answer that was lost: the message "+
				"with the id that it has in the log.",
			"重发的请求得到的，应该是丢掉的那个应答：消息，带着它在日志里的编号。")
	}
}

func TestOtherKeys(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "k1", "ann", "hi")
	post(p, "k2", "ann", "hi")
	check.Value(t, "log", l.all(), `["ann: hi" "ann: hi"]`,
		"ann has said the same thing twice, with two keys: two "+
			"messages. The key decides, not the text.",
		"ann 用两个键说了两遍同样的话：那就是两条消息。看的是键，不是文本。")
}

func TestOfTwoClients(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "1", "ann", "hi")
	_, answer := post(p, "1", "bob", "hi")
	check.Value(t, "log", l.all(), `["ann: hi" "bob: hi"]`,
		"ann and bob have chosen the same key, and bob's message is "+
			"missing: a key belongs to its sender.",
		"ann 和 bob 选了同样的键，bob 的消息就没了：键只属于它的发送者。")
	check.Wire(t, check.Chars, []byte(answer), []byte(`{"id":2,"from":"bob","text":"hi"}`),
		"bob gets his own message.", "bob 得到的是自己的消息。")
	post(p, "b1", "a", "one")
	post(p, "1", "ab", "one")
	post(p, "x:y", "c", "two")
	post(p, "y", "c:x", "two")
	post(p, "d/e", "d", "three")
	post(p, "e", "d/d", "three")
	check.Value(t, "log", l.all(),
		`["ann: hi" "bob: hi" "a: one" "ab: one" "c: two" "c:x: two" "d: three" "d/d: three"]`,
		"Sender a with key b1, and sender ab with key 1, are different. Joined into one text "+
			"they are the same, so an attacker can choose names that collide.",
		"发送者 a 的键 b1，和发送者 ab 的键 1，并不相同。"+
			"拼成一个字符串就分不清了，攻击者可以故意选出这样的名字。")
}

func TestAnotherMessage(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "k1", "ann", "hi")
	status, _ := post(p, "k1", "ann", "bye")
	check.Value(t, "log", l.all(), `["ann: hi"]`,
		"A key that is in use came with another text: nothing may be appended.",
		"用过的键带着另一段文本来了：什么都不能追加。")
	check.Value(t, "status", status, http.StatusUnprocessableEntity,
		"A key that is in use came with another text. The client has a bug; with 201 it would "+
			"believe that its second message is published. The answer is 422.",
		"用过的键带着另一段文本来了，这是客户端的错误；应答 201，"+
			"它会以为第二条消息已经发布。应答是 422。")
	status, answer := post(p, "k1", "ann", "hi")
	check.Value(t, "answer", fmt.Sprint(status, answer), `201{"id":1,"from":"ann","text":"hi"}`,
		"Afterwards the first message is repeated: its answer stays.",
		"之后再重发第一条消息：它的应答不变。")
}

func TestRefused(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, request("k1", `{"from":"ann","text":""}`))
	check.Value(t, "status", w.Code, http.StatusBadRequest, "A message without a text is refused.",
		"没有文本的消息要拒绝。")
	status, _ := post(p, "k1", "ann", "hi")
	check.Value(t, "status", status, http.StatusCreated,
		"A request was refused with 400 and published nothing. The client corrects it and sends "+
			"it with the same key: now it is published.",
		"一个请求被 400 拒绝，什么也没发布。客户端改好后用同一个键再发：这次要发布。")
	check.Value(t, "log", l.all(), `["ann: hi"]`, "The corrected message is published once.",
		"改好的消息发布一次。")
	if status, _ := post(p, "", "ann", "hi"); status != http.StatusBadRequest {
		check.Fail(t,
			"A request without an Idempotency-Key is answered with %d: it is refused with 400.",
			"没有 Idempotency-Key 的请求得到 %d：应该用 400 拒绝。", status)
	}
}

// TestAtTheSameTime: the client repeats its request while the first one is still being appended.
func TestAtTheSameTime(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	type result struct {
		status int
		body   string
	}
	// so that yielding lets the other goroutine go on
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	second := make(chan result, 1)
	l.during = func() {
		begun := make(chan struct{})
		go func() {
			close(begun)
			status, answer := post(p, "k1", "ann", "hi")
			second <- result{status, answer}
		}()
		<-begun
		for range 10_000 { // yield, so that the second request gets as far as it can
			if len(second) > 0 {
				return
			}
			runtime.Gosched()
		}
	}
	status, answer := post(p, "k1", "ann", "hi")
	first, other := result{status, answer}, <-second
	check.Value(t, "log", l.all(), `["ann: hi"]`,
		"The client repeated its request while the first was still being appended, and both "+
			"were: between the look into the map and the entry is a gap.",
		"第一个请求还在追加，客户端就重发了，结果两个都追加了：查 map 和写 map 之间有空当。")
	for _, r := range []result{first, other} {
		check.Value(t, "answer", fmt.Sprint(r.status, r.body),
			`201{"id":1,"from":"ann","text":"hi"}`,
			"Two requests with the same key were under way at the same time. Both get the same "+
				"answer; the second has to wait until there is one.",
			"两个键相同的请求同时在途，得到的应答要一样；第二个要等到有应答为止。")
	}
}

// fill publishes messages with keys of their own.
func fill(p *Publisher, n int) {
	for i := range n {
		post(p, fmt.Sprint("other ", i), "carl", "hi")
	}
}

func TestRemembered(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "first", "ann", "hi")
	fill(p, Remembered-1)
	_, answer := post(p, "first", "ann", "hi")
	check.Value(t, "answer", answer, `{"id":1,"from":"ann","text":"hi"}`,
		"%d other messages later the request is repeated: the latest %d keys are remembered.",
		"又来了 %d 条别的消息之后，请求重发了：最近的 %d 个键都要记得。", Remembered-1, Remembered)
	for i := range Remembered - 1 {
		_, answer := post(p, fmt.Sprint("other ", i), "carl", "hi")
		check.Value(t, "answer", answer, fmt.Sprintf(`{"id":%d,"from":"carl","text":"hi"}`, i+2),
			"No more than %d keys have come, and one of them is forgotten.",
			"总共才来了 %d 个键，其中一个却被忘了。", Remembered)
	}
	check.Value(t, "messages", len(l.texts), Remembered,
		"Every request was repeated once, nothing is published twice.",
		"每个请求都重发了一次，什么都不能发布两遍。")
}

func TestForgotten(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "first", "ann", "hi")
	fill(p, 3*Remembered)
	_, answer := post(p, fmt.Sprint("other ", 2*Remembered+1), "carl", "hi")
	check.Value(t, "answer", answer, fmt.Sprintf(`{"id":%d,"from":"carl","text":"hi"}`,
		2*Remembered+3),
		"%d keys have come. The oldest are forgotten; this one is among "+
			"the latest %d and must be known.",
		"来了 %d 个键。该忘的是最老的；这一个在最近的 %d 个之内，必须认得。", 3*Remembered+1,
		Remembered)
	_, answer = post(p, "first", "ann", "hi")
	if answer == `{"id":1,"from":"ann","text":"hi"}` {
		check.Fail(t,
			"A key is remembered after %d others: a server that forgets nothing runs out of "+
				"memory in the end. Remember the latest %d.",
			"过了 %d 个别的键，这个键还记着：什么都不忘的服务器，"+
				"内存总有一天会用完。只记最近的 %d 个。", 3*Remembered, Remembered)
	}
	check.Value(t, "answer", answer, fmt.Sprintf(`{"id":%d,"from":"ann","text":"hi"}`,
		3*Remembered+2), "A forgotten key counts as new.", "忘掉的键算作新的。")
}

func TestManyRepetitions(t *testing.T) {
	l := &log{}
	p := NewPublisher(l)
	post(p, "first", "ann", "hi")
	for range 2 * Remembered {
		post(p, "again", "bob", "hello")
	}
	post(p, "first", "ann", "hi")
	check.Value(t, "log", l.all(), `["ann: hi" "bob: hello"]`,
		"bob repeated one request %d times, and after that ann's key is forgotten: a repetition "+
			"needs no room of its own.",
		"bob 把一个请求重发了 %d 遍，之后 ann 的键就被忘了：重发不应该再占位置。", 2*Remembered)
}
