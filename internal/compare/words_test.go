package compare

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deflater compresses texts one by one. A new flate.Writer for each would clear a megabyte of
// memory.
func deflater(t *testing.T) (deflated func(text string) int) {
	w, err := flate.NewWriter(nil, flate.BestSpeed) // as gorilla/websocket does
	require.NoError(t, err)
	return func(text string) int {
		var out bytes.Buffer
		w.Reset(&out)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return out.Len()
	}
}

// A message compresses about as well as a piece of the lessons' English text of the same size.
func TestTextCompressesAsProse(t *testing.T) {
	var prose strings.Builder
	for _, l := range runner.Lessons {
		for line := range strings.Lines(l.Body.EN) {
			if !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "    ") {
				prose.WriteString(line)
			}
		}
	}
	deflated := deflater(t)
	for _, size := range []int{100, 300, 1000, 4000, 16000} {
		var ours, theirs, n int
		for at := 0; at+size <= prose.Len(); at += size {
			theirs += deflated(prose.String()[at : at+size])
			ours += deflated(label{number: n}.text(size))
			n++
		}
		require.Positive(t, n)
		assert.InEpsilon(t, theirs, ours, 0.2,
			"texts of %d bytes: %.2f of prose is left, %.2f of ours",
			size, float64(theirs)/float64(n*size), float64(ours)/float64(n*size))
	}
}
