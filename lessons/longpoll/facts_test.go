package longpoll

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A message that is published while a request is held is answered at once, however short the hold:
// with wait=1s long polling has the idle requests of short polling, not its delay.
func TestAShortHoldStillAnswersAtOnce(t *testing.T) {
	for _, wait := range []string{"1s", "25s"} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLong(Config{})
			began, answer := time.Now(), httptest.NewRecorder()
			held := make(chan struct{})
			go func() {
				defer close(held)
				l.ServeHTTP(answer, httptest.NewRequest("GET", "/messages?after=0&wait="+wait, nil))
			}()
			time.Sleep(400 * time.Millisecond)
			_, err := l.Feed.Publish("ann", "hi")
			require.NoError(t, err)
			<-held
			assert.Equal(t, 400*time.Millisecond, time.Since(began))
			assert.Contains(t, answer.Body.String(), `"text":"hi"`)
		})
	}
	says(t, "a message still arrives at once", "消息仍然马上就到")
}

// The log is bounded, and the gap shows in the ids.
func TestALongAbsenceLeavesAGap(t *testing.T) {
	s := NewShort(Config{})
	for range 1005 {
		_, err := s.Feed.Publish("ann", "hi")
		require.NoError(t, err)
	}
	missed := s.Feed.Since(2)
	assert.Len(t, missed, 1000)
	assert.EqualValues(t, 6, missed[0].ID, "not 3: three messages are gone")
	says(t, "it keeps the last 1,000 messages", "只保留最近 1,000 条")
}

// The demo sends the Cache-Control that the lesson names.
func TestNoSharedCacheMayStoreAnAnswer(t *testing.T) {
	s, answer := NewShort(Config{}), httptest.NewRecorder()
	s.ServeHTTP(answer, httptest.NewRequest("GET", "/messages?after=0", nil))
	assert.Equal(t, "private, no-cache", answer.Header().Get("Cache-Control"))
	says(t, "The demo sends `private, no-cache`", "演示里写的是 `private, no-cache`")
}

func says(t *testing.T, en, zh string) {
	t.Helper()
	body := Lesson().Body
	assert.True(t, strings.Contains(body.EN, en), "lesson.md does not say %q", en)
	assert.True(t, strings.Contains(body.ZH, zh), "lesson.zh.md does not say %q", zh)
}
