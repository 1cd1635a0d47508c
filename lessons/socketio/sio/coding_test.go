package sio

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPreferredCoding(t *testing.T) {
	for accept, want := range map[string]string{
		"":                       "",
		"identity":               "",
		"identity;q=0":           "",
		"gzip, deflate, br":      "gzip",
		"br, gzip":               "br",
		"gzip;q=1, br;q=0.5":     "gzip",
		"gzip;q=0.5, br;q=0.8":   "br",
		"*":                      "br",
		"br;q=0, *;q=0.1":        "gzip",
		"GZIP":                   "gzip",
		"zstd, gzip;q=0":         "",
		"gzip;q=nonsense":        "gzip",
		",,;;q=1,deflate;Q=0.2,": "deflate",
	} {
		assert.Equal(t, want, preferred([]string{accept}, codings), "%q", accept)
	}
}
