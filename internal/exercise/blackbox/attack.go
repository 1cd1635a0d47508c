// Package blackbox attacks a server from outside, whatever it is written in, and says what it does otherwise than it should.
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
const stepTime = 4 * time.Second

// quick is what "at once" means over a local network.
const quick = time.Second

// attacks are the steps of each exercise, in order. Each may rely on those before it.
var attacks = map[string][]func(*attack){
	"blackbox-polling":   {publishes, answersAtOnce, inOrder, refusesBadCursors, manyAtOnce},
	"blackbox-longpoll":  {publishes, holdsNoNews, wakesUp, wakesEverybody, survivesWhoLeaves},
	"blackbox-sse":       {publishes, opensAStream, sendsEvents, resumes, headerBeatsQuery},
	"blackbox-websocket": {shakesHands, refusesPlainHTTP, refusesOtherOrigins, echoes, echoesAllLengths, putsFragmentsTogether, refusesUnmasked, saysGoodbye},
	"blackbox-engineio":  {opensPolling, refusesStrangers, takesMessages, opensWebSocket, upgrades, closesSessions},
	"blackbox-socketio":  {connects, acks, acksMany, refusesNamespaces, wantsConnectFirst},
}

// Steps is how many steps the exercise has; 0 for one that is none.
func Steps(exercise string) int { return len(attacks[exercise]) }

// ErrTarget says that there is no server to attack. Its text names why.
var ErrTarget = errors.New("the target does not answer")

// Run attacks the server at the target, an http URL, and stops at the first step that finds something. It returns how many
// steps passed; the error is ErrTarget, a target that is no URL, or ctx's.
func Run(ctx context.Context, exercise, target string) (passed int, finding *check.Finding, err error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return 0, nil, fmt.Errorf("%w: the target must look like http://127.0.0.1:8080, not %q", ErrTarget, target)
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

func reach(ctx context.Context, host string) error {
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	return conn.Close()
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

// try asks, and returns an error where there is no answer.
func (a *attack) try(method, path, body string) (answer, error) {
	start := time.Now()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(a.ctx, method, "http://"+a.host+path, reader)
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

// ask is try where no answer is a finding.
func (a *attack) ask(method, path, body string) answer {
	got, err := a.try(method, path, body)
	if err != nil {
		check.Fail(a, "%s %s was not answered: %v.", "%s %s 没有得到回答：%v。", method, path, err)
	}
	return got
}

// status fails unless the answer has that status.
func (a *attack) status(got answer, want int, en, zh string) {
	check.Value(a, "status", got.status, want, en, zh)
}

// message is what the feed's demos carry.
type message struct {
	ID   int64  `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// publish posts a message and returns it as the server made it.
func (a *attack) publish(text string) message {
	body, _ := json.Marshal(map[string]string{"from": "lab", "text": text}) // strings cannot fail
	got := a.ask("POST", "/messages", string(body))
	a.status(got, 201, "POST /messages made something new: that is 201 Created.", "POST /messages 创建了新东西：应该是 201 Created。")
	var m message
	if err := json.Unmarshal([]byte(got.body), &m); err != nil || m.ID < 1 || m.From != "lab" || m.Text != text {
		check.Fail(a, "POST /messages answers with the message as JSON, with an id from 1 up, and from and text as they were sent. The answer was %s",
			"POST /messages 要用 JSON 回答这条消息，带从 1 开始的 id，from 和 text 原样。得到的是 %s", got.body)
	}
	return m
}

// messages reads an answer that is a list.
func (a *attack) messages(got answer) []message {
	a.status(got, 200, "Asking for messages is answered with 200, even if there are none.", "查询消息要用 200 回答，哪怕一条也没有。")
	var list []message
	if err := json.Unmarshal([]byte(got.body), &list); err != nil || list == nil {
		check.Fail(a, "The answer must be a JSON array, [] if it is empty, but was: %.200s", "应答必须是 JSON 数组，没有内容就是 []，得到的却是：%.200s", got.body)
	}
	return list
}

func ids(list []message) (all []int64) {
	for _, m := range list {
		all = append(all, m.ID)
	}
	return all
}
