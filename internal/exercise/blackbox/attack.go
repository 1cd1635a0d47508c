// Package blackbox attacks a server over the network, in whatever language it is written, and
// reports the first thing that the server does wrong.
package blackbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
)

// stepTime bounds each step.
const stepTime = 6 * time.Second

// quick is the time that "at once" allows over a local network.
const quick = time.Second

// attacks are the steps of each exercise, in order. Each may rely on those before it.
var attacks = map[string][]func(*attack){
	"blackbox-polling":  {publishes, answersAtOnce, inOrder, refusesBadCursors, manyAtOnce},
	"blackbox-longpoll": {publishes, holdsNoNews, wakesUp, wakesEverybody, survivesWhoLeaves},
	"blackbox-sse": {publishes, opensAStream, sendsEvents, beginsAtTheBeginning, resumes,
		headerBeatsQuery, survivesStreamsThatLeave},
	"blackbox-websocket": {shakesHands, refusesPlainHTTP, refusesOtherOrigins, echoes,
		echoesAllLengths, readsAnyPieces, servesTwoClients, putsFragmentsTogether, refusesUnmasked,
		saysGoodbye},
	"blackbox-engineio": {opensPolling, refusesStrangers, takesMessages, opensWebSocket, upgrades,
		closesSessions, beats},
	"blackbox-socketio": {connects, acks, acksMany, refusesNamespaces, wantsConnectFirst,
		acceptsRealClient},
}

// Steps returns the number of steps of a black box exercise, and 0 for other exercises.
func Steps(exercise string) int { return len(attacks[exercise]) }

// ErrTarget means that the server to attack does not answer. The text of the wrapping error says
// why.
var ErrTarget = errors.New("the target does not answer")

// Run attacks the server at the target, an http URL, and stops at the first step that finds
// something. It returns the number of steps that passed. The error is ErrTarget, also for an
// invalid URL, or the error of ctx.
func Run(ctx context.Context, exercise, target string) (passed int, finding *check.Finding,
	err error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return 0, nil, fmt.Errorf("%w: the target must look like http://127.0.0.1:8080, not %q",
			ErrTarget, target)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "80")
	}
	if err := reach(ctx, u.Host); err != nil {
		return 0, nil, fmt.Errorf("%w: %s: %w", ErrTarget, u.Host, err)
	}
	for _, step := range attacks[exercise] {
		if finding := runStep(ctx, u.Host, step); finding != nil || ctx.Err() != nil {
			return passed, finding, ctx.Err()
		}
		passed++
	}
	return passed, nil, nil
}

// startTime bounds the wait until a target listens: the student may have started it just now.
const startTime = 3 * time.Second

// reach waits until the host accepts a connection, up to startTime.
func reach(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", host)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// attack is one step under way. It is a check.T: a finding ends the step.
type attack struct {
	ctx     context.Context
	host    string
	client  *http.Client
	conns   []net.Conn
	finding *check.Finding
}

type over struct{}

func (a *attack) Helper()              {}
func (a *attack) Log(...any)           {}
func (a *attack) FailNow()             { panic(over{}) }
func (a *attack) Find(f check.Finding) { a.finding = &f }

func runStep(ctx context.Context, host string, step func(*attack)) (finding *check.Finding) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	transport := &http.Transport{MaxIdleConns: 64}
	defer transport.CloseIdleConnections()
	a := &attack{ctx: ctx, host: host, client: &http.Client{Transport: transport}}
	defer func() {
		for _, c := range a.conns {
			_ = c.Close()
		}
		if r := recover(); r != nil {
			if _, ended := r.(over); !ended {
				panic(r)
			}
			finding = a.finding
		}
	}()
	step(a)
	return nil
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

const maxAnswer = 4 << 20

// try sends a request, and returns an error if no response comes.
func (a *attack) try(method, path, body string) (answer, error) {
	return a.tryUntil(a.ctx, method, path, body)
}

// tryUntil is try for a client that leaves when ctx ends.
func (a *attack) tryUntil(ctx context.Context, method, path, body string) (answer, error) {
	start := time.Now()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+a.host+path, reader)
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	res, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return answer{res.StatusCode, res.Header, string(data), time.Since(start)}, err
}

// ask is try with a finding if the request is not answered.
func (a *attack) ask(method, path, body string) answer {
	got, err := a.try(method, path, body)
	a.answered(err, method, path)
	return got
}

func (a *attack) answered(err error, method, path string) {
	if err != nil {
		check.Fail(a, "%s %s was not answered: %v.", "%s %s 没有得到应答：%v。", method, path, err)
	}
}

// status fails unless the answer has that status.
func (a *attack) status(got answer, want int, en, zh string) {
	check.Value(a, "status", got.status, want, en, zh)
}

// A message is one message of the feed.
type message struct {
	ID   int64  `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// publish posts a message and returns the message of the response.
func (a *attack) publish(text string) message {
	body, _ := json.Marshal(map[string]string{"from": "lab", "text": text}) // strings cannot fail
	bounded, cancel := context.WithTimeout(a.ctx, 2*quick)
	defer cancel()
	got, err := a.tryUntil(bounded, "POST", "/messages", string(body))
	if bounded.Err() != nil {
		check.Fail(a,
			"POST /messages got no response within %v: publishing must not wait for others. "+
				"Does the server handle one request at a time, keep a lock while a request "+
				"waits, or wait for a client that is gone?",
			"POST /messages 在 %v 之内没有得到应答：发布消息不等别的客户端。"+
				"服务器是不是一次只处理一个请求，"+
				"或者在请求等待时还拿着锁，或者在等已经走了的客户端？", 2*quick)
	}
	a.answered(err, "POST", "/messages")
	if got.status == http.StatusNotImplemented {
		check.Fail(a, "POST /messages is not written yet: it answers 501.",
			"POST /messages 还没有写：它返回的是 501。")
	}
	a.status(got, 201, "POST /messages made something new: that is 201 Created.",
		"POST /messages 创建了新东西：应该是 201 Created。")
	m := a.message("The answer to POST /messages", "POST /messages 的应答", got.body)
	if m.ID < 1 {
		check.Fail(a, "POST /messages answered with the id %d: ids start at 1.",
			"POST /messages 应答的编号是 %d：编号从 1 开始。", m.ID)
	}
	if m.From != "lab" || m.Text != text {
		check.Fail(a, "POST /messages sent %s, and the answer was %s: from and text do not change.",
			"POST /messages 发送的是 %s，应答却是 %s：from 和 text 不能变。", body, got.body)
	}
	return m
}

// message reads one message. Its keys must be spelled exactly as the page reads them.
func (a *attack) message(en, zh, data string) (m message) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &fields); err != nil || fields == nil {
		check.Fail(a, en+" must be a message as a JSON object, but was: %.200s",
			zh+"应该是一条消息，写成 JSON 对象，得到的却是：%.200s", data)
	}
	for _, field := range []struct {
		key  string
		into any
		kind [2]string
	}{
		{"id", &m.ID, [2]string{"a whole number", "整数"}},
		{"from", &m.From, [2]string{"a string", "字符串"}},
		{"text", &m.Text, [2]string{"a string", "字符串"}},
	} {
		value, there := fields[field.key]
		if !there {
			for key := range fields {
				if strings.EqualFold(key, field.key) {
					check.Fail(a,
						en+" has the key %q. The page reads %q: capital and "+
							"small letters are different.",
						zh+"里的键是 %q。页面读的是 %q：大小写不一样。", key, field.key)
				}
			}
			check.Fail(a, en+" has no %q: %.200s", zh+"里没有 %q：%.200s", field.key, data)
		}
		if json.Unmarshal(value, field.into) != nil {
			check.Fail(a, en+" has %[1]q: %[2]s, which is not "+field.kind[0]+".",
				zh+"里 %[1]q 是 %[2]s，不是"+field.kind[1]+"。", field.key, value)
		}
	}
	return m
}

// messages reads an answer that is a list.
func (a *attack) messages(got answer) []message {
	if got.status == http.StatusNotImplemented {
		check.Fail(a, "GET /messages is not written yet: it answers 501.",
			"GET /messages 还没有写：它返回的是 501。")
	}
	a.status(got, 200, "GET /messages must return 200, even if the list is empty.",
		"查询消息要用 200 应答，哪怕一条也没有。")
	var entries []json.RawMessage
	if err := json.Unmarshal([]byte(got.body), &entries); err != nil || entries == nil {
		check.Fail(a, "The answer must be a JSON array, [] if it is empty, but was: %.200s",
			"应答必须是 JSON 数组，没有内容就是 []，得到的却是：%.200s", got.body)
	}
	list := []message{}
	for _, entry := range entries {
		list = append(list, a.message("An entry of the answer", "应答里的一项", string(entry)))
	}
	return list
}

func ids(list []message) (all []int64) {
	for _, m := range list {
		all = append(all, m.ID)
	}
	return all
}
