package longconn

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/feedtest"
)

// Without a flush the bytes wait in net/http's buffers: this many messages go in before the first
// comes out.
func TestWithoutFlushTheFirstMessageArrivesWithThe62nd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := feed.New(feed.Config{})
		for range 100 {
			_, err := f.Publish("ann", "hi")
			require.NoError(t, err)
		}
		next := make(chan struct{})
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			startStream(w, "application/x-ndjson; charset=utf-8")
			for _, m := range f.Since(0) {
				<-next
				_, _ = w.Write(appendLine(nil, m))
			}
		})
		conn := feedtest.Pipes(t, &http.Server{Handler: handler})()
		_, err := io.WriteString(conn, "GET /stream HTTP/1.1\r\nHost: lab\r\n\r\n")
		require.NoError(t, err)
		arrived := make(chan string, 1)
		go func() {
			p := make([]byte, 8<<10)
			n, _ := conn.Read(p)
			arrived <- string(p[:n])
			_, _ = io.Copy(io.Discard, conn)
		}()
		written := 0
		for len(arrived) == 0 {
			next <- struct{}{}
			written++
			synctest.Wait()
			require.Less(t, written, 100)
		}
		assert.Equal(t, 62, written)
		assert.Contains(t, <-arrived, `{"id":1,`)
		for range 100 - written {
			next <- struct{}{}
		}
		time.Sleep(time.Second)
		conn.Close()
	})
	says(t, "the first arrives together with the 62nd", "第一条要和第 62 条一起到")
}

// The tests of the wire hold the samples of the text. This one takes a chunk apart.
func TestAChunkIsItsSizeItsDataAndCRLFs(t *testing.T) {
	line := `{"id":1,"from":"ann","text":"hi","at":"2000-01-01T00:00:00.000Z"}` + "\n"
	assert.Len(t, line, 0x42)
	says(t, "\n42\n"+line+"\n", "\n42\n"+line+"\n")
	says(t, "`42` is hex for 66", "`42` 是十六进制的 66")
}

func says(t *testing.T, en, zh string) {
	t.Helper()
	body := Lesson().Body
	assert.True(t, strings.Contains(body.EN, en), "lesson.md does not say %q", en)
	assert.True(t, strings.Contains(body.ZH, zh), "lesson.zh.md does not say %q", zh)
}
