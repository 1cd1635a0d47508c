package facts

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
)

// TestWhatEndsAnEventSource: after a status other than 200, or another type, Chromium gives up;
// after a response that ends or breaks it comes back.
func TestWhatEndsAnEventSource(t *testing.T) {
	var requests atomic.Int64
	url := site(t, map[string]http.HandlerFunc{"/events/{how}": func(w http.ResponseWriter,
		r *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		switch how := r.PathValue("how"); how {
		case "ends", "breaks":
			fmt.Fprint(w, "retry: 10\n\ndata: x\n\n")
			_ = http.NewResponseController(w).Flush()
			if how == "breaks" {
				panic(http.ErrAbortHandler)
			}
		case "plain":
			w.Header().Set("Content-Type", "text/plain")
		case "204":
			w.WriteHeader(http.StatusNoContent)
		case "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("EventSource")
	tab.Open(url)
	for how, comesBack := range map[string]bool{"ends": true, "breaks": true, "plain": false,
		"204": false, "503": false} {
		t.Run(how, func(t *testing.T) {
			requests.Store(0)
			state := labtest.Eval[int](tab, `new Promise((done) => {
				const source = new EventSource("/events/`+how+`");
				let errors = 0;
				source.onerror = () => { if (source.readyState === EventSource.CLOSED || ++errors === 3) { done(source.readyState); source.close(); } };
			})`)
			if comesBack {
				assert.Equal(t, 0, state, "connecting again")
				assert.GreaterOrEqual(t, requests.Load(), int64(3))
			} else {
				assert.Equal(t, 2, state, "closed")
				assert.EqualValues(t, 1, requests.Load())
			}
		})
	}
}
