package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDownloadsAreLimited: clients that do not read their download keep others from one, and no
// longer.
func TestDownloadsAreLimited(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	handler := NewPanel(PanelConfig{Keyed: func(*http.Request) bool {
		return false
	}, ByBrowser: true}).download(func(http.ResponseWriter, *http.Request, view, io.Writer) {
		started <- struct{}{}
		<-release
	})
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/lab/xray.jsonl", nil)
		r.AddCookie(&http.Cookie{Name: browserCookie, Value: randomID()})
		handler(w, r)
		return w
	}
	var slow sync.WaitGroup
	for range maxDownloads {
		slow.Go(func() { ask() })
		<-started
	}
	refused := ask()
	assert.Equal(t, http.StatusServiceUnavailable, refused.Code)
	assert.Equal(t, "10", refused.Header().Get("Retry-After"))
	assert.Contains(t, refused.Body.String(), "Try again in a moment")
	close(release)
	slow.Wait()
	slow.Go(func() { <-started })
	assert.Equal(t, http.StatusOK, ask().Code)
	slow.Wait()
}
