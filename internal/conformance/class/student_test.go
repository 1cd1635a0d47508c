package class

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/class"
)

// A phone is an HTTP client like a browser: it has cookies, and an open stream of events that
// reconnects.
type phone struct {
	t     *testing.T
	name  string
	url   string
	http  *http.Client
	views chan class.View // the latest
}

// newPhones returns n phones whose streams are open until the test ends.
func newPhones(ctx context.Context, t *testing.T, url string, n int) (all []*phone) {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		following.Wait()
		for _, p := range all {
			p.http.CloseIdleConnections()
		}
	})
	for i := range n {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		all = append(all, &phone{t: t, name: fmt.Sprintf("student %02d", i+1),
			url: url + class.Path, http: &http.Client{Jar: jar, Transport: &http.Transport{}},
			views: make(chan class.View, 1)})
	}
	for _, p := range all {
		following.Go(func() { p.follow(ctx) })
	}
	return all
}

// post sends JSON and returns the status.
func (p *phone) post(path string, body any) int {
	status, _ := exchange(p.t, p.http, http.MethodPost, p.url+path, "", body)
	return status
}

// follow keeps a stream of events open.
func (p *phone) follow(ctx context.Context) {
	for ctx.Err() == nil {
		p.stream(ctx)
		select {
		case <-time.After(200 * time.Millisecond): // as a browser waits before it connects again
		case <-ctx.Done():
		}
	}
}

func (p *phone) stream(ctx context.Context) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"events?as=student", nil)
	if err != nil {
		return
	}
	res, err := p.http.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: {")
		var v class.View
		if !ok || json.Unmarshal([]byte("{"+data), &v) != nil {
			continue
		}
		select {
		case <-p.views:
		default:
		}
		p.views <- v
	}
}

// until waits for a view that meets the condition.
func (p *phone) until(what string, enough func(class.View) bool) class.View {
	p.t.Helper()
	timeout := time.After(testTime)
	for {
		select {
		case v := <-p.views:
			if enough(v) {
				return v
			}
		case <-timeout:
			p.t.Fatalf("%s waited too long for %s", p.name, what)
		}
	}
}

// together runs f for all phones at once.
func together(phones []*phone, f func(i int, p *phone)) {
	var busy sync.WaitGroup
	for i, p := range phones {
		busy.Go(func() { f(i, p) })
	}
	busy.Wait()
}

// vote lets every phone vote in a round, and checks that each vote was taken.
func vote(t *testing.T, phones []*phone, question string, round int, option func(i int) int) {
	together(phones, func(i int, p *phone) {
		assert.Equal(t, http.StatusNoContent, p.post("vote",
			map[string]any{"question": question, "round": round, "option": option(i)}), p.name)
	})
}
