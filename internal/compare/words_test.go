package compare

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func deflated(t *testing.T, text string) int {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed) // as gorilla/websocket does
	require.NoError(t, err)
	_, err = w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Len()
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
	for _, size := range []int{100, 300, 1000, 4000, 16000} {
		var ours, theirs, n int
		for at := 0; at+size <= prose.Len(); at += size {
			theirs += deflated(t, prose.String()[at:at+size])
			ours += deflated(t, label{number: n}.text(size))
			n++
		}
		require.Positive(t, n)
		assert.InEpsilon(t, theirs, ours, 0.2, "texts of %d bytes: %.2f of prose is left, %.2f of ours",
			size, float64(theirs)/float64(n*size), float64(ours)/float64(n*size))
	}
}
