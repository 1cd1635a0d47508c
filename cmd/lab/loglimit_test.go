package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestReconnectingClientsDoNotFillTheLog: each session has a logger of its own.
func TestReconnectingClientsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLog(&out)
		for session := range 1000 {
			log.With("sid", session).Warn("event refused")
		}
		log.Error("an error passes")
		assert.Equal(t, logLines, strings.Count(out.String(), "event refused"))
		assert.Contains(t, out.String(), "an error passes")
		time.Sleep(logWindow)
		log.Warn("event refused")
		assert.Contains(t, out.String(), "droppedBefore=950")
	})
}
