package accept

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEncoding(t *testing.T) {
	for header, want := range map[string]string{
		"":                              "",
		"gzip":                          "gzip",
		"GZip":                          "gzip",
		"deflate":                       "deflate",
		"gzip, deflate, br, zstd":       "gzip",
		"deflate, gzip":                 "deflate",
		"gzip;q=0.5, deflate;q=0.8":     "deflate",
		"gzip;q=0.5, deflate;level=9":   "deflate",
		"gzip;q=0, deflate":             "deflate",
		"gzip;q=0, deflate;q=0":         "",
		"*":                             "gzip",
		"*, deflate":                    "deflate",
		"*;q=0.9, deflate;q=0.1":        "gzip",
		"*;q=0":                         "",
		"gzip;q=nonsense":               "",
		"br;q=1.0, gzip;q=0.8, *;q=0.1": "gzip",
		"identity, *;q=0.5":             "gzip",
		",,;;q=1,deflate;Q=0.2,":        "deflate",
	} {
		assert.Equal(t, want, Encoding([]string{header}, []string{"gzip", "deflate"}), "%q", header)
	}
	assert.Equal(t, "br", Encoding([]string{"gzip;q=0.5", "br;q=0.8"}, []string{"br", "gzip"}))
	assert.Equal(t, "br", Encoding([]string{"*"}, []string{"br", "gzip"}))
}
