package wire

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAborts(t *testing.T) {
	var a Aborts
	var aborted []string
	add := func(url, label string) func() {
		return a.Add(httptest.NewRequest("GET", url, nil),
			func() { aborted = append(aborted, label) })
	}
	cut := func(url string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest("POST", url, nil))
		return w
	}
	removeAnn := add("/stream?client=ann", "ann 1")
	add("/stream?client=ann", "ann 2")
	removeBob := add("/stream?client=bob", "bob")
	add("/stream", "nobody")()
	removeBob()

	require.Equal(t, "{\"cut\":2}\n", cut("/cut?client=ann").Body.String())
	assert.ElementsMatch(t, []string{"ann 1", "ann 2"}, aborted)
	removeAnn()
	assert.Equal(t, "{\"cut\":0}\n", cut("/cut?client=ann").Body.String())
	assert.Equal(t, "{\"cut\":0}\n", cut("/cut?client=bob").Body.String())
	assert.Equal(t, 400, cut("/cut").Code)
	assert.Empty(t, a.conns)

	r := httptest.NewRequest("POST", "/cut?client=ann", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	assert.Equal(t, 403, w.Code)
}
